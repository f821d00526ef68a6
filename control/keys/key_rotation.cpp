#include "control/keys/key_rotation.h"

#include <algorithm>

namespace pollux::control {

KeyAge::Seconds KeyAge::at(Wall now, Steady now_steady) const {
  const Seconds here = now_steady - read_steady_;
  if (read_ >= written_) return at_writing_ + Seconds{read_ - written_} + here;
  return at_writing_ + std::max(here, Seconds{now - written_});
}

std::optional<KeyAge::Seconds> next_rotation(KeyAge::Seconds age,
                                             std::optional<std::chrono::seconds> interval) {
  if (!interval) return std::nullopt;
  return std::max(KeyAge::Seconds{0}, KeyAge::Seconds{*interval} - age);
}

}  // namespace pollux::control
