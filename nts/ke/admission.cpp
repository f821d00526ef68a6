#include "nts/ke/admission.h"

#include <algorithm>
#include <bit>
#include <span>

namespace pollux::nts {

namespace {

// All together may begin a tenth of a second's worth at once, or this many.
constexpr std::uint32_t kLeastBurst = 8;

// Whether a bucket of `burst` tokens, one more each `interval`, has one at `now`.
bool has_token(Admission::Time full_at, Admission::Time now, std::uint32_t burst,
               std::chrono::nanoseconds interval) {
  return full_at <= now + (burst - 1) * interval;
}

struct SipState {
  std::array<std::uint64_t, 4> v;

  void round() noexcept {
    v[0] += v[1];
    v[1] = std::rotl(v[1], 13) ^ v[0];
    v[0] = std::rotl(v[0], 32);
    v[2] += v[3];
    v[3] = std::rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = std::rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = std::rotl(v[1], 17) ^ v[2];
    v[2] = std::rotl(v[2], 32);
  }

  void take(std::uint64_t word) noexcept {
    v[3] ^= word;
    round();
    round();
    v[0] ^= word;
  }
};

}  // namespace

std::uint64_t sip_hash(const Admission::HashKey& key,
                       const std::array<std::uint64_t, 2>& words) noexcept {
  SipState state{{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
                  key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573}};
  for (const std::uint64_t word : words) state.take(word);
  state.take(std::uint64_t{sizeof words} << 56U);
  state.v[2] ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v[0] ^ state.v[1] ^ state.v[2] ^ state.v[3];
}

Admission::Admission(const AdmissionSettings& settings, const HashKey& key)
    : settings_{settings}, key_{key}, entries_(kSets * kWays) {}

// That of the client, else the one of its set that is full first: it has the least to forget.
Admission::Entry& Admission::entry_of(const ClientPrefix& client) {
  const std::size_t set = sip_hash(key_, {client.bits, client.ipv6 ? 1U : 0U}) % kSets;
  const auto ways = std::span{entries_}.subspan(set * kWays, kWays);
  const auto found = std::ranges::find(ways, client, &Entry::client);
  if (found != ways.end()) return *found;
  Entry& oldest = *std::ranges::min_element(ways, {}, &Entry::full_at);
  oldest = {.client = client};
  return oldest;
}

bool Admission::admit(const ClientPrefix& client, Time now) {
  const std::uint32_t rate = settings_.sessions_per_second;
  const std::uint32_t burst = std::max(rate / 10, kLeastBurst);
  const auto pace = std::chrono::nanoseconds{std::chrono::seconds{1}} / std::max(rate, 1U);
  if (rate != 0 && !has_token(all_full_at_, now, burst, pace)) return false;
  if (settings_.sessions_per_address != 0) {
    Entry& entry = entry_of(client);
    if (!has_token(entry.full_at, now, settings_.sessions_per_address, settings_.address_interval))
      return false;
    entry.full_at = std::max(entry.full_at, now) + settings_.address_interval;
  }
  if (rate != 0) all_full_at_ = std::max(all_full_at_, now) + pace;
  return true;
}

}  // namespace pollux::nts
