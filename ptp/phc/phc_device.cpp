#include "ptp/phc/phc_device.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "ptp/phc/ena.h"

namespace pollux::phc {

namespace {

constexpr std::array kMethods{ReadMethod::kPrecise, ReadMethod::kExtendedRaw,
                              ReadMethod::kExtendedRealtime, ReadMethod::kPlain};

// False where it is no time: a driver is not believed without a look.
bool convert(const ptp_clock_time& from, std::chrono::nanoseconds& to) noexcept {
  constexpr std::int64_t kFarthest = 9'000'000'000;  // seconds that fit in 64 bits of nanoseconds
  if (from.nsec >= 1'000'000'000 || from.sec > kFarthest || from.sec < -kFarthest) return false;
  to = std::chrono::seconds{from.sec} + std::chrono::nanoseconds{from.nsec};
  return true;
}

}  // namespace

std::string_view name(ReadMethod method) noexcept {
  switch (method) {
    case ReadMethod::kPrecise:
      return "precise";
    case ReadMethod::kExtendedRaw:
      return "extended, raw stamps";
    case ReadMethod::kExtendedRealtime:
      return "extended, realtime stamps";
    case ReadMethod::kPlain:
      break;
  }
  return "plain";
}

std::string_view name(ReadClass read_class) noexcept {
  switch (read_class) {
    case ReadClass::kCrossTimestamp:
      return "cross-timestamp";
    case ReadClass::kMemoryMapped:
      return "memory-mapped";
    case ReadClass::kEna:
      break;
  }
  return "ena";
}

PhcDevice::PhcDevice(PhcKernel& kernel, PhcIdentity identity, Settings settings)
    : kernel_{kernel},
      identity_{std::move(identity)},
      settings_{std::move(settings)},
      is_ena_{phc::is_ena(identity_)} {
  settings_.samples = std::clamp<unsigned>(settings_.samples, 1, PTP_MAX_SAMPLES);
}

PhcDevice::~PhcDevice() { close(); }

void PhcDevice::close() noexcept {
  if (is_open()) kernel_.close(std::exchange(descriptor_, -1));
}

std::expected<void, PhcError> PhcDevice::open() {
  close();
  const auto opened = kernel_.open(identity_.device);
  if (!opened) {
    const bool is_gone =
        opened.error() == ENODEV || opened.error() == ENXIO || opened.error() == ENOENT;
    return fail(is_gone ? PhcError::kGone : PhcError::kFailed, opened.error());
  }
  descriptor_ = *opened;
  auto probed = probe();
  if (!probed) close();
  return probed;
}

std::expected<void, PhcError> PhcDevice::reopen() {
  close();
  auto found = find_phc_again(identity_, kernel_, settings_.roots);
  if (!found) return fail(PhcError::kGone, ENODEV);
  identity_ = std::move(*found);
  is_ena_ = phc::is_ena(identity_);
  return open();
}

// The first method that gives a reading. One that fails is passed over, whatever its errno: ENODEV,
// for one, is also what PTP_SYS_OFFSET_PRECISE says where the kernel's clock does not run on the
// counter that the device latches.
std::expected<void, PhcError> PhcDevice::probe() {
  std::expected<void, PhcError> worst = std::unexpected{PhcError::kUnsupported};
  int worst_errno = EOPNOTSUPP;
  for (const ReadMethod method : kMethods) {
    const auto tried = try_method(method);
    if (tried || tried.error() == PhcError::kBusy || tried.error() == PhcError::kGone) return tried;
    if (tried.error() == PhcError::kUnsupported) continue;
    worst = tried;
    worst_errno = last_errno_;
  }
  last_errno_ = worst_errno;
  return worst;
}

// A preempted thread or a stepped clock spoils one round, a wrong method all of them.
std::expected<void, PhcError> PhcDevice::try_method(ReadMethod method) {
  constexpr int kTries = 3;
  method_ = method;
  std::expected<void, PhcError> result;
  for (int i = 0; i < kTries; ++i) {
    const auto reading = read_round();
    if (reading) return {};
    result = std::unexpected{reading.error()};
    if (reading.error() != PhcError::kSlow && reading.error() != PhcError::kUneven) break;
  }
  return result;
}

std::expected<ClockReading, PhcError> PhcDevice::read() {
  if (!is_open()) return fail(PhcError::kGone, ENODEV);
  auto reading = read_round();
  if (!reading && reading.error() == PhcError::kGone) close();
  return reading;
}

std::expected<ClockReading, PhcError> PhcDevice::read_round() {
  // Also warms the way into the kernel: the first call after a sleep is tens of times slower.
  if (is_unplugged()) return fail(PhcError::kGone, ENODEV);
  Samples samples;
  const auto before = kernel_.sandwich(stamp_clock());
  const int error_number = ask(samples);
  if (error_number != 0) return fail_with(error_number);
  const auto after = kernel_.sandwich(stamp_clock());
  if (!samples.valid) return fail(PhcError::kFailed, ERANGE);
  const auto map = StampMap::through(before, after, settings_.counter_hertz, kLongestRound);
  if (!map) return fail(map.error());
  auto best = best_of(samples, *map);
  if (!best) return fail(best.error());
  last_errno_ = 0;
  return best;
}

std::expected<ClockReading, PhcError> PhcDevice::best_of(const Samples& samples,
                                                         const StampMap& map) const {
  const Sample* best = nullptr;
  for (unsigned i = 0; i < samples.count; ++i) {
    const Sample& sample = samples.all[i];
    // A driver that stamps with another clock than it was asked to shows here.
    if (sample.after < sample.before || !map.covers(sample.before) || !map.covers(sample.after))
      return std::unexpected{PhcError::kUneven};
    if (i == 0 && samples.count > 1) continue;
    if (best == nullptr || sample.after - sample.before < best->after - best->before)
      best = &sample;
  }
  if (best == nullptr) return std::unexpected{PhcError::kFailed};
  const auto width = best->after - best->before;
  const std::int64_t window = map.ticks(width);
  return ClockReading{
      .counter = map.at(best->before) + window / 2, .window_ticks = window, .time = best->device};
}

int PhcDevice::ask(Samples& samples) {
  switch (method_) {
    case ReadMethod::kPrecise:
      return ask_precise(samples);
    case ReadMethod::kExtendedRaw:
    case ReadMethod::kExtendedRealtime:
      return ask_extended(samples);
    case ReadMethod::kPlain:
      break;
  }
  return ask_plain(samples);
}

int PhcDevice::ask_precise(Samples& samples) {
  ptp_sys_offset_precise offset{};
  const int error_number = kernel_.precise(descriptor_, offset);
  Sample& sample = samples.all[0];
  samples.count = 1;
  samples.valid =
      convert(offset.device, sample.device) && convert(offset.sys_monoraw, sample.before);
  sample.after = sample.before;
  return error_number;
}

int PhcDevice::ask_extended(Samples& samples) {
  SysOffsetExtended offset{.n_samples = this->samples(), .clockid = stamp_clock()};
  const int error_number = kernel_.extended(descriptor_, offset);
  samples.count = this->samples();
  for (unsigned i = 0; i < samples.count; ++i) {
    Sample& sample = samples.all[i];
    samples.valid = samples.valid && convert(offset.ts[i][0], sample.before) &&
                    convert(offset.ts[i][1], sample.device) &&
                    convert(offset.ts[i][2], sample.after);
  }
  return error_number;
}

int PhcDevice::ask_plain(Samples& samples) {
  ptp_sys_offset offset{};
  offset.n_samples = this->samples();
  const int error_number = kernel_.plain(descriptor_, offset);
  samples.count = this->samples();
  for (unsigned i = 0; i < samples.count; ++i) {
    Sample& sample = samples.all[i];
    const ptp_clock_time* stamps = offset.ts + std::size_t{2} * i;
    samples.valid = samples.valid && convert(stamps[0], sample.before) &&
                    convert(stamps[1], sample.device) && convert(stamps[2], sample.after);
  }
  return error_number;
}

std::unexpected<PhcError> PhcDevice::fail(PhcError error, int error_number) noexcept {
  last_errno_ = error_number;
  return std::unexpected{error};
}

std::unexpected<PhcError> PhcDevice::fail_with(int error_number) noexcept {
  switch (error_number) {
    case EBUSY:
    case EAGAIN:
      return fail(PhcError::kBusy, error_number);
    case EOPNOTSUPP:
    case ENOTTY:
      return fail(PhcError::kUnsupported, error_number);
    case ENODEV:
      return fail(is_unplugged() ? PhcError::kGone : PhcError::kFailed, error_number);
    default:
      return fail(PhcError::kFailed, error_number);
  }
}

bool PhcDevice::is_unplugged() {
  ptp_clock_caps caps{};
  return kernel_.capabilities(descriptor_, caps) == ENODEV;
}

clockid_t PhcDevice::stamp_clock() const noexcept {
  return method_ == ReadMethod::kPrecise || method_ == ReadMethod::kExtendedRaw
             ? CLOCK_MONOTONIC_RAW
             : CLOCK_REALTIME;
}

unsigned PhcDevice::samples() const noexcept {
  if (method_ == ReadMethod::kPrecise || is_ena_) return 1;
  return settings_.samples;
}

ReadClass PhcDevice::read_class() const noexcept {
  if (method_ == ReadMethod::kPrecise) return ReadClass::kCrossTimestamp;
  return is_ena_ ? ReadClass::kEna : ReadClass::kMemoryMapped;
}

}  // namespace pollux::phc
