// The residence of requests, as the observe document tells it. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include "dataplane/port/residence.h"

namespace pollux::control {

// `counter_hertz`: ticks a second. Quantiles are the ends of the steps that they are in, so that
// none is told too short; null where nothing was counted, or the counter's rate is not known yet.
[[nodiscard]] nlohmann::json residence_document(const port::ResidenceCounts& counts,
                                                double counter_hertz);

}  // namespace pollux::control
