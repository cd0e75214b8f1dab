//! Threads for the one kernel that needs them.
//!
//! The pool is the engine's own and not the process's, so that two engines with different thread
//! counts can run side by side. Work is cut into fixed chunks that own their results: neither the
//! number of threads nor the order in which they take chunks can change a bit.

use bevy_ecs::prelude::Resource;
use engine::random::Stream;
use rayon::prelude::*;

/// Below this many items a second thread costs more than it gives (about 200 us of work).
const PARALLEL_MIN: usize = 512;

/// The threads of an engine.
#[derive(Resource, Default)]
pub struct Workers {
    pool: Option<rayon::ThreadPool>,
    shuffle: Option<Stream>,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workers")
            .field("threads", &self.threads())
            .finish_non_exhaustive()
    }
}

impl Workers {
    /// Workers on `threads` threads; with `shuffle`, chunks are handed out in a random order.
    ///
    /// # Errors
    /// When the system cannot start the threads.
    pub fn new(threads: usize, shuffle: Option<u64>) -> Result<Self, rayon::ThreadPoolBuildError> {
        let pool = if threads > 1 {
            let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
            Some(
                builder
                    .thread_name(|index| format!("worker-{index}"))
                    .build()?,
            )
        } else {
            None
        };
        Ok(Self {
            pool,
            shuffle: shuffle.map(|seed| Stream::new(seed, "workers", 0)),
        })
    }

    /// How many threads there are.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.pool
            .as_ref()
            .map_or(1, rayon::ThreadPool::current_num_threads)
    }

    /// Calls `work` on each input with its result, `chunk` at a time.
    ///
    /// # Panics
    /// If `inputs` and `results` differ in length or `chunk` is 0.
    pub fn for_each_chunk<I: Sync, R: Send>(
        &mut self,
        inputs: &[I],
        results: &mut [R],
        chunk: usize,
        work: impl Fn(&I, &mut R) + Sync,
    ) {
        assert_eq!(inputs.len(), results.len(), "one result for each input");
        let run = |(inputs, results): (&[I], &mut [R])| {
            for (input, result) in inputs.iter().zip(results) {
                work(input, result);
            }
        };
        if self.shuffle.is_none() && (self.pool.is_none() || inputs.len() < PARALLEL_MIN) {
            return run((inputs, results));
        }
        let mut chunks: Vec<_> = inputs
            .chunks(chunk)
            .zip(results.chunks_mut(chunk))
            .collect();
        if let Some(stream) = &mut self.shuffle {
            stream.shuffle(&mut chunks);
        }
        match &self.pool {
            Some(pool) => pool.install(|| chunks.into_par_iter().for_each(run)),
            None => chunks.into_iter().for_each(run),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_and_shuffling_change_nothing() {
        let inputs: Vec<u64> = (0..5_000).collect();
        let squares = |threads, shuffle| {
            let mut workers = Workers::new(threads, shuffle).unwrap();
            let mut results = vec![0; inputs.len()];
            workers.for_each_chunk(&inputs, &mut results, 64, |input, out| *out = input * input);
            results
        };
        let expected = squares(1, None);
        assert_eq!(expected[4_999], 4_999 * 4_999);
        assert_eq!(squares(2, None), expected);
        assert_eq!(squares(3, Some(7)), expected);
        assert_eq!(squares(1, Some(9)), expected);
    }
}
