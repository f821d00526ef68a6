#include "tests/support/fake_phc_kernel.h"

#include <cerrno>
#include <cmath>
#include <utility>

namespace pollux::test {

namespace {

constexpr std::int64_t kPicosecondsASecond = 1'000'000'000'000;

std::chrono::nanoseconds elapsed(std::int64_t picoseconds, double rate) {
  const double more = static_cast<double>(picoseconds) * rate / 1000;
  return std::chrono::nanoseconds{picoseconds / 1000 + std::llround(more)};
}

}  // namespace

void FakePhcKernel::unplug() {
  path_.clear();
  dead_.merge(live_);
  live_.clear();
}

void FakePhcKernel::set_drift(double drift) noexcept {
  step(Nanoseconds{0});
  drift_ = drift;
}

void FakePhcKernel::step(Nanoseconds by) noexcept {
  device_base_ = device_time() + by;
  device_since_ = now_;
}

void FakePhcKernel::set_frozen(bool frozen) noexcept {
  step(Nanoseconds{0});
  frozen_ = frozen;
}

FakePhcKernel::Nanoseconds FakePhcKernel::device_time() const noexcept {
  return frozen_ ? device_base_ : device_base_ + elapsed(now_ - device_since_, drift_);
}

double FakePhcKernel::device_time_at(clock::Counter counter) const noexcept {
  __extension__ using Wide = __int128;
  const auto then =
      static_cast<std::int64_t>(static_cast<Wide>(counter.ticks) * kPicosecondsASecond / kHertz);
  return frozen_ ? 0 : static_cast<double>(then - device_since_) * (1 + drift_) / 1000;
}

void FakePhcKernel::step_realtime(Nanoseconds by) noexcept {
  realtime_base_ = read(CLOCK_REALTIME) + by;
  realtime_since_ = now_;
}

void FakePhcKernel::slew_realtime(double rate) noexcept {
  step_realtime(Nanoseconds{0});
  slew_ = rate;
}

clock::Counter FakePhcKernel::counter_now() const noexcept {
  __extension__ using Wide = __int128;
  return {static_cast<std::uint64_t>(static_cast<Wide>(now_) * kHertz / kPicosecondsASecond)};
}

FakePhcKernel::Nanoseconds FakePhcKernel::read(clockid_t id) const noexcept {
  if (id == CLOCK_MONOTONIC_RAW) return Nanoseconds{now_ / 1000};
  const auto realtime = realtime_base_ + elapsed(now_ - realtime_since_, slew_);
  return id == CLOCK_TAI ? realtime + std::chrono::seconds{37} : realtime;
}

clock::Counter FakePhcKernel::counter() noexcept {
  advance(Nanoseconds{10});
  return counter_now();
}

phc::ClockReading FakePhcKernel::sandwich(clockid_t id) noexcept {
  const auto before = counter_now();
  advance(kSandwichWidth / 2);
  const auto time = read(id);
  advance(kSandwichWidth / 2);
  const auto window = counter_now() - before;
  return {.counter = before + window / 2, .window_ticks = window, .time = time};
}

std::expected<int, int> FakePhcKernel::open(const std::string& path) noexcept {
  if (open_error_ != 0) return std::unexpected{open_error_};
  if (path != path_) return std::unexpected{ENOENT};
  live_.insert(next_descriptor_);
  return next_descriptor_++;
}

void FakePhcKernel::close(int descriptor) noexcept {
  live_.erase(descriptor);
  dead_.erase(descriptor);
}

int FakePhcKernel::capabilities(int descriptor, ptp_clock_caps& caps) noexcept {
  advance(Nanoseconds{300});
  ++capability_calls_;
  if (dead_.contains(descriptor)) return ENODEV;
  if (!live_.contains(descriptor)) return EBADF;
  caps = {};
  caps.cross_timestamping = driver.offers_precise ? 1 : 0;
  return 0;
}

int FakePhcKernel::enter(int descriptor, bool is_offered) noexcept {
  advance(Nanoseconds{300});
  if (dead_.contains(descriptor)) return ENODEV;
  if (!live_.contains(descriptor)) return EBADF;
  ++device_calls_;
  if (!failures_.empty()) {
    const int error_number = failures_.front();
    failures_.pop_front();
    return error_number;
  }
  if (!is_offered) return EOPNOTSUPP;
  advance(std::exchange(stall_, Nanoseconds{0}));
  return 0;
}

void FakePhcKernel::leave() noexcept {
  advance(Nanoseconds{300});
  step_realtime(std::exchange(step_behind_, Nanoseconds{0}));
}

int FakePhcKernel::count_sample() noexcept {
  while (!recent_.empty() && now_ - recent_.front() >= kPicosecondsASecond) recent_.pop_front();
  if (driver.reads_a_second != 0 && recent_.size() >= driver.reads_a_second) {
    advance(std::chrono::microseconds{20});
    return EBUSY;
  }
  recent_.push_back(now_);
  ++samples_;
  return 0;
}

void FakePhcKernel::pass_latency() noexcept {
  const double uniform = static_cast<double>(random_.next() >> 11U) * 0x1p-53;
  const double more = -std::log(1 - uniform) * static_cast<double>(driver.jitter.count());
  advance(driver.read_latency + Nanoseconds{std::llround(more)});
}

ptp_clock_time FakePhcKernel::to_kernel(Nanoseconds time) const noexcept {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  ptp_clock_time result{};
  result.sec = seconds.count();
  result.nsec = static_cast<std::uint32_t>((time - seconds).count());
  if (driver.gives_nonsense) result.nsec += 1'000'000'000;
  return result;
}

ptp_clock_time FakePhcKernel::touch_device() noexcept {
  step_realtime(std::exchange(step_inside_, Nanoseconds{0}));
  const auto time = device_time();
  return to_kernel(time - time % driver.resolution);
}

ptp_clock_time FakePhcKernel::stamp(clockid_t id) const noexcept {
  return to_kernel(read(driver.obeys_stamp_clock ? id : CLOCK_REALTIME));
}

int FakePhcKernel::precise(int descriptor, ptp_sys_offset_precise& offset) noexcept {
  if (const int error = enter(descriptor, driver.offers_precise); error != 0) return error;
  if (const int error = count_sample(); error != 0) return error;
  pass_latency();
  offset.device = touch_device();
  offset.sys_realtime = to_kernel(read(CLOCK_REALTIME));
  offset.sys_monoraw = to_kernel(read(CLOCK_MONOTONIC_RAW));
  leave();
  return 0;
}

int FakePhcKernel::extended(int descriptor, phc::SysOffsetExtended& offset) noexcept {
  const bool bad_words = offset.rsv[0] != 0 || offset.rsv[1] != 0 ||
                         (offset.clockid != CLOCK_REALTIME && !driver.knows_stamp_clock);
  if (const int error = enter(descriptor, driver.offers_extended); error != 0) return error;
  if (bad_words || offset.n_samples > PTP_MAX_SAMPLES) return EINVAL;
  for (unsigned i = 0; i < offset.n_samples; ++i) {
    if (const int error = count_sample(); error != 0) return error;
    offset.ts[i][0] = stamp(offset.clockid);
    if (i == 0) advance(driver.cold_latency);
    pass_latency();
    offset.ts[i][1] = touch_device();
    pass_latency();
    offset.ts[i][2] = stamp(offset.clockid);
  }
  leave();
  return 0;
}

int FakePhcKernel::plain(int descriptor, ptp_sys_offset& offset) noexcept {
  if (const int error = enter(descriptor, driver.offers_plain); error != 0) return error;
  if (offset.n_samples > PTP_MAX_SAMPLES) return EINVAL;
  for (unsigned i = 0; i < offset.n_samples; ++i) {
    if (const int error = count_sample(); error != 0) return error;
    offset.ts[2 * i] = to_kernel(read(CLOCK_REALTIME));
    if (i == 0) advance(driver.cold_latency);
    pass_latency();
    offset.ts[2 * i + 1] = touch_device();
    pass_latency();
  }
  offset.ts[2 * offset.n_samples] = to_kernel(read(CLOCK_REALTIME));
  leave();
  return 0;
}

std::expected<int, int> FakePhcKernel::interface_clock(const std::string& interface) {
  const auto found = interface_clocks.find(interface);
  if (found == interface_clocks.end()) return std::unexpected{ENODEV};
  return found->second;
}

std::expected<phc::InterfaceCounters, int> FakePhcKernel::interface_counters(
    const std::string& interface) {
  const auto found = counters_of_interface.find(interface);
  if (found == counters_of_interface.end()) return std::unexpected{EOPNOTSUPP};
  return found->second;
}

}  // namespace pollux::test
