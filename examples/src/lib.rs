//! Programs that build on throng from outside: each stands alone in `src/bin/`, with its workload beside this folder.
