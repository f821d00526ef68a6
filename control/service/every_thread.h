// Has every thread of the process make a call: the kernel keeps user, capabilities and the like for
// each thread, and some threads are DPDK's. Control thread.
#pragma once

namespace pollux::control {

// Calls in this thread, then in the others, one after the other, by a signal (SIGRTMAX), until
// there is none that has not been asked. `call` gives 0 or an errno and has to be fit for a signal
// handler; what `argument` points to outlives the process' last thread. Gives 0, or the first
// errno; ETIMEDOUT where a thread does not answer within a second. Not to be called by two threads
// at once.
[[nodiscard]] int in_every_thread(int (*call)(const void* argument), const void* argument);

}  // namespace pollux::control
