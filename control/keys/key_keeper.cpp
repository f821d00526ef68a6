#include "control/keys/key_keeper.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "control/service/log.h"

namespace pollux::control {
namespace {

using nts::KeyRing;

constexpr std::chrono::seconds kLookInterval{1};
constexpr std::chrono::seconds kRetryInterval{60};

void fill(void* memory, std::size_t length) {
  if (getrandom(memory, length, 0) != static_cast<ssize_t>(length))
    throw std::runtime_error("the kernel gives no random numbers");
}

KeyRing::KeyEntropy make_entropy() {
  KeyRing::KeyEntropy entropy;
  fill(entropy.key.data(), entropy.key.size());
  fill(&entropy.id, sizeof entropy.id);
  return entropy;
}

nts::KeyFile first_keys() {
  std::array<KeyRing::KeyEntropy, nts::kRingKeys> entropy;
  for (auto& each : entropy) each = make_entropy();
  return {.ring = KeyRing::from_entropy(entropy), .age_seconds = 0};
}

}  // namespace

KeyKeeper::KeyKeeper(EventLoop& loop, Settings settings, OnRing on_ring)
    : loop_{loop},
      settings_{std::move(settings)},
      keys_{load_or_make(settings_)},
      follower_{loop, settings_.file, settings_.access,
                [this](const StoredKeys& keys) { take(keys); }} {
  follower_.look();
  on_ring_ = std::move(on_ring);
  timer_ = loop_.call_every(kLookInterval, [this] { rotate_when_due(); });
}

KeyKeeper::~KeyKeeper() { loop_.cancel(timer_); }

StoredKeys KeyKeeper::load_or_make(const Settings& settings) {
  auto stored = load_keys(settings.file, settings.access);
  if (!stored && stored.error().kind == KeyTrouble::Kind::kMissing && settings.rotate) {
    const auto saved = save_keys(settings.file, first_keys(), settings.access);
    if (!saved) throw std::runtime_error(saved.error());
    log_info("{}: new keys made", settings.file.string());
    stored = load_keys(settings.file, settings.access);
  }
  if (!stored) throw std::runtime_error(stored.error().sentence);
  return *stored;
}

void KeyKeeper::take(const StoredKeys& keys) {
  keys_ = keys;
  if (on_ring_) on_ring_(ring());
}

std::expected<void, std::string> KeyKeeper::rotate() {
  if (!settings_.rotate) {
    return std::unexpected{
        fmt::format("nts.rotate is \"never\": another program rotates the keys in {}",
                    settings_.file.string())};
  }
  follower_.look();
  const nts::KeyFile next{.ring = ring().rotated(make_entropy()), .age_seconds = 0};
  if (auto saved = save_keys(settings_.file, next, settings_.access); !saved) return saved;
  follower_.look();
  failure_.reset();
  if (ring() == next.ring) return {};
  return std::unexpected{
      fmt::format("{}: another program has just written it too", settings_.file.string())};
}

void KeyKeeper::rotate_when_due() {
  const auto next = next_rotation(keys_.age.now(), settings_.rotate);
  const auto now = EventLoop::Clock::now();
  if (!next || next->count() > 0 || now < next_try_) return;
  next_try_ = now + kRetryInterval;
  const auto rotated = rotate();
  if (rotated) {
    next_try_ = now;
  } else if (failure_ != rotated.error()) {
    failure_ = rotated.error();
    log_warning("the keys are not rotated: {}", *failure_);
  }
}

KeyReport KeyKeeper::report() const {
  KeyReport report{.file = settings_.file.string(),
                   .trouble = failure_,
                   .ring = &ring(),
                   .rotate = settings_.rotate,
                   .age_seconds = keys_.age.now().count()};
  if (const auto& trouble = follower_.trouble()) report.trouble = trouble->sentence;
  if (const auto next = next_rotation(keys_.age.now(), settings_.rotate))
    report.next_rotation_seconds = next->count();
  return report;
}

}  // namespace pollux::control
