//! The whole of throng from outside: the command, real sockets, real servers, files and signals.

mod bad_files;
mod bad_targets;
mod beginnings;
mod books;
mod checks;
mod command_line;
mod connections;
mod demo;
mod editors;
mod endless;
mod exit_codes;
mod http_session;
mod http_wire;
mod httpbin;
mod interrupts;
mod nginx_shop;
mod outputs;
mod rates;
mod real_server;
mod reference;
mod scratch;
mod telemetry;
mod terminal_view;
mod tls;
mod values;
mod way;
