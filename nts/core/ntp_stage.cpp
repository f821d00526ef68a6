#include "nts/core/ntp_stage.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <type_traits>

#include "dataplane/responder/reply.h"
#include "dataplane/responder/stamp.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/udp.h"
#include "nts/core/wipe.h"
#include "ptp/clock/snapshot.h"

namespace pollux::nts {

namespace {

using responder::Packet;
using responder::Verdict;

constexpr std::size_t kClientToServer = 0;
constexpr std::size_t kServerToClient = 1;

// RFC 8915 §5.7: the kiss code of a NAK.
constexpr std::uint32_t kNakKissCode = 0x4e54534e;  // NTSN

std::span<std::byte> message_of(const Packet& packet) noexcept {
  return {packet.frame + packet.upper_offset + wire::kUdpHeaderLength,
          packet.upper_length - wire::kUdpHeaderLength};
}

// RFC 5905 §7.4: a kiss code stands in the reference id of stratum 0.
clock::ServedTime with_kiss(clock::ServedTime served) noexcept {
  auto fields = clock::unsynchronised_header(clock::unpack(served.header).precision, kNakKissCode);
  served.header = clock::pack(fields);
  served.reference_time = {};
  return served;
}

// A few operations for one call of a back end. Their places are not initialised before they are
// there: zeros in all of them would cost more than what is written.
template <typename Operation, std::size_t kMost>
class Batch {
  static_assert(std::is_trivially_destructible_v<Operation>);

 public:
  Batch() noexcept {}  // NOLINT(*-member-init): see above

  void add(const Operation& operation) noexcept {
    std::construct_at(&places_[count_++].operation, operation);
  }
  [[nodiscard]] std::span<Operation> all() noexcept { return {&places_[0].operation, count_}; }

 private:
  union Place {
    Place() noexcept {}
    Operation operation;
  };
  static_assert(sizeof(Place) == sizeof(Operation));

  std::array<Place, kMost> places_;
  std::size_t count_ = 0;
};

}  // namespace

void NtpStage::open(std::span<Packet* const> packets, const KeyRing& ring) noexcept {
  count_ = std::min(packets.size(), kBatch);
  for (std::size_t i = 0; i < count_; ++i) {
    lanes_[i].packet = packets[i];
    packets[i]->verdict = take_apart(message_of(*packets[i]), lanes_[i].request);
  }
  open_cookies(ring);
  verify();
}

// RFC 8915 §5.7: whoever has no valid cookie gets a NAK.
void NtpStage::open_cookies(const KeyRing& ring) noexcept {
  Batch<CookieOpening, kBatch> openings;
  std::array<Lane*, kBatch> opened{};
  for (Lane& lane : lanes()) {
    if (!lane.is(Verdict::reply_nts)) continue;
    lane.packet->verdict = Verdict::reply_nts_nak;
    const auto cookie = parse_cookie(lane.request.cookie);
    if (!cookie) continue;
    const CookieKey* key = ring.find(cookie->key_id);
    if (key == nullptr) {
      counters_.unknown_keys[ring.age_of_unknown(cookie->key_id)].add(1);
      continue;
    }
    lane.aead = cookie->aead;
    opened[openings.all().size()] = &lane;
    openings.add({.key = key, .cookie = *cookie, .keys = lane.keys});
  }
  aead_.open_cookies(openings.all());
  for (std::size_t i = 0; i < openings.all().size(); ++i) {
    if (openings.all()[i].good) opened[i]->packet->verdict = Verdict::reply_nts;
  }
}

void NtpStage::verify() noexcept {
  Batch<Opening, kBatch> openings;
  std::array<Lane*, kBatch> opened{};
  for (Lane& lane : lanes()) {
    if (!lane.is(Verdict::reply_nts)) continue;
    const std::size_t i = openings.all().size();
    const std::size_t length = lane.request.sealed.size() - kTagLength;
    opened[i] = &lane;
    openings.add({.aead = lane.aead,
                  .key = lane.key(kClientToServer),
                  .associated_data = lane.request.associated_data,
                  .nonce = lane.request.nonce,
                  .sealed = lane.request.sealed,
                  .plaintext = std::span{plaintexts_[i]}.first(length)});
  }
  aead_.open(openings.all());
  for (std::size_t i = 0; i < openings.all().size(); ++i) {
    opened[i]->packet->verdict = judge(*opened[i], openings.all()[i]);
  }
}

Verdict NtpStage::judge(Lane& lane, const Opening& opening) noexcept {
  if (!opening.good) return Verdict::reply_nts_nak;
  const NtpRequest& request = lane.request;
  const auto encrypted = count_placeholders(opening.plaintext, request.cookie.size());
  if (!encrypted) return Verdict::drop_nts_malformed;
  lane.shape =
      reply_shape(lane.aead, request.identifier.size(),
                  std::size_t{request.placeholders} + *encrypted, message_of(*lane.packet).size());
  return Verdict::reply_nts;
}

void NtpStage::prepare(const responder::PortPolicy& policy, const KeyRing& ring) noexcept {
  for (Lane& lane : lanes()) {
    Packet& packet = *lane.packet;
    if (!responder::is_reply(packet.verdict)) continue;
    const auto& identifier = lane.request.identifier;
    packet.echo_offset = static_cast<std::uint16_t>(identifier.data() - message_of(packet).data());
    packet.echo_length = static_cast<std::uint16_t>(identifier.size());
    packet.sealed_length =
        static_cast<std::uint16_t>(lane.is(Verdict::reply_nts) ? lane.shape.authenticator() : 0);
    lane.reply = responder::prepare_ntp(packet, policy);
  }
  mint(ring);
}

void NtpStage::mint(const KeyRing& ring) noexcept {
  Batch<CookieSealing, kBatch * kMostReplyCookies> sealings;
  const CookieKey& key = ring.current();
  for (Lane& lane : lanes()) {
    if (!lane.is(Verdict::reply_nts)) continue;
    const ReplyFields fields = lane.fields();
    fields.write_frame();
    aead_.fill_nonce(fields.nonce());
    for (std::size_t i = 0; i < lane.shape.cookies; ++i) {
      const auto cookie = fields.cookie(i);
      wire::store_be32(cookie.data(), key.id);
      aead_.fill_nonce(cookie.subspan(kCookieIdLength, kCookieNonceLength));
      sealings.add({.key = &key,
                    .aead = lane.aead,
                    .keys = std::span{lane.keys}.first(2 * key_length(lane.aead)),
                    .cookie = cookie});
    }
  }
  counters_.cookies.add(sealings.all().size());
  is_sound_ = aead_.seal_cookies(sealings.all());
}

void NtpStage::stamp(const clock::ServedClock& clock, std::span<const clock::Counter> received,
                     clock::Counter sent, clock::NtpDuration wire_time) noexcept {
  std::array<std::uint64_t, kBatch> random{};
  aead_.fill_nonce(std::as_writable_bytes(std::span{random}));
  std::uint64_t delay = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const Lane& lane = lanes_[i];
    if (!responder::is_reply(lane.packet->verdict)) continue;
    auto served = clock.at(received[i], sent);
    if (lane.is(Verdict::reply_nts_nak)) served = with_kiss(served);
    responder::stamp_ntp<false>(lane.reply, responder::BurstTime{served}, delay, random[i]);
    delay += static_cast<std::uint64_t>(wire_time.units);
  }
}

void NtpStage::seal() noexcept {
  Batch<Sealing, kBatch> sealings;
  for (const Lane& lane : lanes()) {
    if (!lane.is(Verdict::reply_nts)) continue;
    const ReplyFields fields = lane.fields();
    sealings.add({.aead = lane.aead,
                  .key = lane.key(kServerToClient),
                  .associated_data = fields.associated_data(),
                  .nonce = fields.nonce(),
                  .plaintext = fields.plaintext(),
                  .sealed = fields.sealed()});
  }
  is_sound_ &= aead_.seal(sealings.all());
}

void NtpStage::complete_checksums(std::span<const Lane> lanes,
                                  const responder::PortPolicy& policy) noexcept {
  for (const Lane& lane : lanes) {
    if (!lane.is(Verdict::reply_nts)) continue;
    std::byte* checksum = lane.reply.udp + wire::udp::kChecksum;
    if (policy.transmit_checksums()) {
      wire::store(checksum, lane.reply.sum.fold());
      continue;
    }
    wire::Sum sum{static_cast<std::uint16_t>(~wire::load<std::uint16_t>(checksum))};
    const std::byte* behind = lane.reply.udp + wire::kUdpHeaderLength + wire::kNtpHeaderLength;
    sum.add(behind, lane.shape.identifier + lane.shape.authenticator());
    wire::store(checksum, sum.udp_checksum());
  }
}

void NtpStage::finish(const responder::PortPolicy& policy, const clock::ServedClock& clock,
                      std::span<const clock::Counter> received, clock::Counter sent,
                      clock::NtpDuration wire_time) noexcept {
  stamp(clock, received, sent, wire_time);
  seal();
  complete_checksums(lanes(), policy);
  for (Lane& lane : lanes()) {
    if (!is_sound_ && lane.is(Verdict::reply_nts)) lane.packet->verdict = Verdict::drop_nts_failed;
    wipe(lane.keys);
  }
}

}  // namespace pollux::nts
