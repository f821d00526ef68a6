// The latch between the clock thread, which writes, and the workers.
#pragma once

#include "ptp/clock/latch.h"
#include "ptp/clock/snapshot.h"

namespace pollux::clock {

using SnapshotLatch = Latch<Snapshot>;

}  // namespace pollux::clock
