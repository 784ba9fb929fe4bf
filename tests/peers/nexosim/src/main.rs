//! A service with some servers and a queue, on NeXosim: `nexosim-queues open RATE | closed USERS THINK` followed by
//! `SERVERS MEAN LENGTH SEED`, all times in seconds. Prints requests, mean wait and mean time in the service as JSON.

use std::collections::VecDeque;
use std::error::Error;
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{Output, QuerySource};
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use rand_core::SeedableRng;
use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// Draws times of a mean [s] by an exponential law.
#[derive(Serialize, Deserialize)]
struct Exponential {
    mean: f64,
    random: Xoshiro256PlusPlus,
}

impl Exponential {
    fn new(mean: f64, seed: u64) -> Self {
        Self { mean, random: Xoshiro256PlusPlus::seed_from_u64(seed) }
    }

    fn draw(&mut self) -> Duration {
        let draw: f64 = Exp1.sample(&mut self.random);
        // An event has to lie in the future.
        Duration::from_secs_f64(self.mean * draw).max(Duration::from_nanos(1))
    }
}

/// Requests that come whatever becomes of those before.
#[derive(Serialize, Deserialize)]
struct Arrivals {
    gap: Exponential,
    requests: Output<u32>,
}

#[Model]
impl Arrivals {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        self.next(cx);
    }

    #[nexosim(schedulable)]
    async fn arrive(&mut self, _: (), cx: &Context<Self>) {
        self.requests.send(0).await;
        self.next(cx);
    }

    fn next(&mut self, cx: &Context<Self>) {
        cx.schedule_event(self.gap.draw(), schedulable!(Self::arrive), ()).expect("it lies ahead");
    }
}

/// Users who think, ask, and wait for their answer.
#[derive(Serialize, Deserialize)]
struct Users {
    number: u32,
    think: Exponential,
    requests: Output<u32>,
}

#[Model]
impl Users {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        for user in 0..self.number {
            self.think(user, cx);
        }
    }

    async fn answered(&mut self, user: u32, cx: &Context<Self>) {
        self.think(user, cx);
    }

    #[nexosim(schedulable)]
    async fn ask(&mut self, user: u32) {
        self.requests.send(user).await;
    }

    fn think(&mut self, user: u32, cx: &Context<Self>) {
        cx.schedule_event(self.think.draw(), schedulable!(Self::ask), user).expect("it lies ahead");
    }
}

/// Servers, and those that wait for one.
#[derive(Serialize, Deserialize)]
struct Service {
    free: u32,
    waiting: VecDeque<(u32, MonotonicTime)>,
    time: Exponential,
    answers: Output<u32>,
    served: u64,
    /// Sums over those served [s].
    wait: f64,
    sojourn: f64,
}

#[Model]
impl Service {
    async fn arrive(&mut self, user: u32, cx: &Context<Self>) {
        let now = cx.time();
        if self.free > 0 {
            self.free -= 1;
            self.begin(user, now, cx);
        } else {
            self.waiting.push_back((user, now));
        }
    }

    #[nexosim(schedulable)]
    async fn end(&mut self, (user, arrived): (u32, MonotonicTime), cx: &Context<Self>) {
        self.served += 1;
        self.sojourn += cx.time().duration_since(arrived).as_secs_f64();
        self.answers.send(user).await;
        match self.waiting.pop_front() {
            Some((user, arrived)) => self.begin(user, arrived, cx),
            None => self.free += 1,
        }
    }

    async fn figures(&mut self) -> (u64, f64, f64) {
        (self.served, self.wait, self.sojourn)
    }

    fn begin(&mut self, user: u32, arrived: MonotonicTime, cx: &Context<Self>) {
        self.wait += cx.time().duration_since(arrived).as_secs_f64();
        cx.schedule_event(self.time.draw(), schedulable!(Self::end), (user, arrived)).expect("it lies ahead");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |back: usize| -> Result<f64, Box<dyn Error>> {
        let place = arguments.len().checked_sub(back).ok_or("too few arguments")?;
        Ok(arguments[place].parse()?)
    };
    let (servers, mean, length, seed) = (number(4)?, number(3)?, number(2)?, number(1)? as u64);
    let mut service = Service {
        free: servers as u32,
        waiting: VecDeque::new(),
        time: Exponential::new(mean, seed),
        answers: Output::default(),
        served: 0,
        wait: 0.0,
        sojourn: 0.0,
    };
    let box_of_service = Mailbox::new();
    // One thread: what is compared is what a core does.
    let mut bench = SimInit::with_num_threads(1);
    let figures = QuerySource::new().connect(Service::figures, &box_of_service).register(&mut bench);
    let bench = match arguments.first().map(String::as_str) {
        Some("open") => {
            let gap = Exponential::new(1.0 / number(5)?, seed + 1);
            let mut arrivals = Arrivals { gap, requests: Output::default() };
            arrivals.requests.connect(Service::arrive, &box_of_service);
            bench.add_model(arrivals, Mailbox::new(), "arrivals")
        }
        Some("closed") => {
            let think = Exponential::new(number(5)?, seed + 1);
            let mut users = Users { number: number(6)? as u32, think, requests: Output::default() };
            let box_of_users = Mailbox::new();
            users.requests.connect(Service::arrive, &box_of_service);
            service.answers.connect(Users::answered, &box_of_users);
            bench.add_model(users, box_of_users, "users")
        }
        _ => return Err("neither `open` nor `closed`".into()),
    };
    let mut simulation = bench.add_model(service, box_of_service, "service").init(MonotonicTime::EPOCH)?;
    simulation.step_until(Duration::from_secs_f64(length))?;
    let (served, wait, sojourn) = simulation.process_query(&figures, ())?;
    let (wait, sojourn) = (wait / served as f64, sojourn / served as f64);
    println!(r#"{{"requests": {served}, "wait": {wait:e}, "sojourn": {sojourn:e}}}"#);
    Ok(())
}
