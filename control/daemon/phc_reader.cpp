#include "control/daemon/phc_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "control/service/text.h"
#include "ptp/phc/ena.h"

namespace pollux::control {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr nanoseconds kDefaultError{1'000};
constexpr milliseconds kInterval{125};
constexpr milliseconds kWarmUpInterval{20};
constexpr milliseconds kEnaWarmUpInterval{50};  // 20 reads a second of the 125 that all share

// Standard deviation of the best readings, ns.
constexpr double noise_floor(phc::ReadClass read_class) noexcept {
  switch (read_class) {
    case phc::ReadClass::kCrossTimestamp:
      return 8;
    case phc::ReadClass::kMemoryMapped:
      return 40;
    case phc::ReadClass::kEna:
      break;
  }
  return 250;
}

constexpr milliseconds interval(bool is_ena, bool tracking) noexcept {
  if (tracking) return kInterval;
  return is_ena ? kEnaWarmUpInterval : kWarmUpInterval;
}

constexpr clock::Timescale to_timescale(PhcTimescale written) noexcept {
  switch (written) {
    case PhcTimescale::kUtc:
      return clock::Timescale::kUtc;
    case PhcTimescale::kTai:
      return clock::Timescale::kTai;
    case PhcTimescale::kAuto:
      break;
  }
  return clock::Timescale::kAuto;
}

}  // namespace

PhcReader::PhcReader(Settings settings, const ClockConfig& config, phc::PhcKernel& kernel)
    : settings_{std::move(settings)}, config_{config}, kernel_{kernel} {}

clock::SourceSettings PhcReader::source_settings() const {
  const bool is_ena = device_ && device_->is_ena();
  const auto read_class = device_ ? device_->read_class() : phc::ReadClass::kMemoryMapped;
  const auto own_error = is_ena ? phc::kEnaDefaultBound : kDefaultError;
  auto timescale = to_timescale(config_.timescale);
  // The adapter shows UTC, whatever the instance: nothing has to be found out.
  if (is_ena && timescale == clock::Timescale::kAuto) timescale = clock::Timescale::kUtc;
  const std::string label = fmt::format("PHC{}", settings_.index);
  return {
      .kind = clock::SourceKind::kPhc,
      .filter = {.nominal_hertz = settings_.counter_hertz, .noise_floor = noise_floor(read_class)},
      .timescale = timescale,
      .error = config_.phc_error_ns != 0 ? nanoseconds{config_.phc_error_ns} : own_error,
      .reference_id = config_.phc_reference_id.value_or(clock::reference_id(label))};
}

std::expected<phc::PhcDevice*, std::string> PhcReader::find() {
  auto found = phc::find_phc(settings_.written, kernel_, settings_.roots);
  if (!found) return std::unexpected{std::move(found.error())};
  return &device_.emplace(kernel_, std::move(*found),
                          phc::PhcDevice::Settings{.counter_hertz = settings_.counter_hertz,
                                                   .samples = config_.phc_samples,
                                                   .roots = settings_.roots});
}

std::expected<phc::PhcDevice*, std::string> PhcReader::open() {
  auto device = device_ ? &*device_ : find();
  if (!device) return device;
  // Its number may be that of another clock at the second try.
  const auto opened = std::exchange(was_tried_, true) ? (*device)->reopen() : (*device)->open();
  if (opened) return device;
  const bool was_read = announced_.has_value();
  if (opened.error() == phc::PhcError::kUnsupported && !was_read) next_ = Time::max();
  const int error = (*device)->last_errno();
  return std::unexpected{fmt::format("{}: {}{}", (*device)->identity().device,
                                     describe(opened.error()),
                                     error == 0 ? "" : fmt::format(" ({})", error_text(error)))};
}

// The device, open; tells the keeper what kind it is.
std::expected<phc::PhcDevice*, std::string> PhcReader::open_device(clock::Timekeeper& keeper) {
  if (device_ && device_->is_open()) return &*device_;
  auto opened = open();
  if (!opened) return opened;
  failures_in_a_row_ = 0;
  if (announced_ != (*opened)->read_class()) {
    announced_ = (*opened)->read_class();
    keeper.source(settings_.index).reconfigure(source_settings());
  }
  return opened;
}

void PhcReader::fail(std::string trouble, Time again) {
  ++failures_;
  trouble_ = std::move(trouble);
  next_ = again;
}

void PhcReader::fail_reading(phc::PhcDevice& device, phc::PhcError error, Time now) {
  if (error != phc::PhcError::kBusy && ++failures_in_a_row_ >= kFailuresToReopen) device.close();
  fail(std::string{describe(error)}, device.is_open() ? next_ : now + kSearchInterval);
}

bool PhcReader::poll(Time now, clock::Timekeeper& keeper, std::optional<nanoseconds> error) {
  if (now < next_) return false;
  auto opened = open_device(keeper);
  if (!opened) {
    fail(std::move(opened.error()), std::max(next_, now + kSearchInterval));
    return false;
  }
  phc::PhcDevice& device = **opened;
  const auto reading = device.read();
  const bool tracking = keeper.sources()[settings_.index].filter().is_tracking();
  next_ = now + interval(device.is_ena(), tracking);
  if (!reading) {
    fail_reading(device, reading.error(), now);
    return false;
  }
  failures_in_a_row_ = 0;
  if (!error && device.is_ena()) {
    // What the clock says of itself with the reading just taken.
    const auto bound = phc::read_ena_error_bound(device.identity());
    if (!bound && bound.error() == phc::EnaBoundError::kInvalid) {
      fail("the driver has no error bound for this reading", next_);
      return false;
    }
    if (bound) error = *bound;
  }
  trouble_.clear();
  keeper.add_phc(settings_.index, *reading, error);
  return true;
}

}  // namespace pollux::control
