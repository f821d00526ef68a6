// Harness of what workers do with NTS requests: any octets as the payload of a client's frame. The
// back end takes every other cookie and every other tag for good and leaves texts as they are, so
// that all of the stage is reached without keys.
#include <algorithm>

#include "dataplane/responder/classify.h"
#include "nts/core/ntp_stage.h"
#include "tests/fuzz/harness.h"
#include "tests/support/dissect.h"
#include "tests/support/frame_runner.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/known_clock.h"

namespace pollux::test {

namespace {

using responder::Verdict;

std::uint64_t accepted = 0;

class OpenAead final : public nts::Aead {
 public:
  void open_cookies(std::span<nts::CookieOpening> openings) noexcept override {
    for (auto& opening : openings) {
      opening.good = is_even(opening.cookie.sealed);
      std::ranges::fill(opening.keys, std::byte{opening.good});
    }
  }
  bool seal_cookies(std::span<const nts::CookieSealing> sealings) noexcept override {
    for (const auto& sealing : sealings)
      std::ranges::fill(sealing.cookie.subspan(nts::kCookieHeaderLength), std::byte{0xc0});
    return true;
  }
  void open(std::span<nts::Opening> openings) noexcept override {
    for (auto& opening : openings) {
      opening.good = is_even(opening.sealed);
      std::ranges::copy(opening.sealed.subspan(nts::kTagLength), opening.plaintext.begin());
    }
  }
  bool seal(std::span<const nts::Sealing> sealings) noexcept override {
    for (const auto& sealing : sealings) {
      const bool tag_first = sealing.aead == nts::AeadId::kAesSivCmac256;
      const auto tag =
          tag_first ? sealing.sealed.first(nts::kTagLength) : sealing.sealed.last(nts::kTagLength);
      std::ranges::fill(tag, std::byte{0x7a});
    }
    return true;
  }
  void fill_nonce(std::span<std::byte> nonce) noexcept override {
    std::ranges::fill(nonce, std::byte{0x0e});
  }
  [[nodiscard]] std::string_view name() const noexcept override { return "none"; }

 private:
  static bool is_even(std::span<const std::byte> octets) {
    return (octets.front() & std::byte{1}) == std::byte{0};
  }
};

nts::KeyRing ring() {
  std::array<nts::KeyRing::KeyEntropy, nts::kRingKeys> entropy;
  for (auto& each : entropy) each.id = 0x1122'3340;
  return nts::KeyRing::from_entropy(entropy);
}

// What a reply must be, whatever the request was; no word of the code under test is believed.
std::string faults_of_reply(Verdict verdict, const Octets& request, const Octets& frame) {
  const auto packet = dissect(frame);
  if (!packet) return "reply is no packet; ";
  std::string faults;
  if (!packet->udp_checksum_right || !packet->ip_checksum_right) faults += "wrong checksum; ";
  const Octets& reply = packet->payload;
  if (reply.size() > request.size()) faults += "longer than the request; ";
  if (reply.size() < 84) return faults + "no room for header and identifier; ";
  const NtpFields said = packet->ntp();
  if (said.mode != 4 || said.version != 4) faults += "no reply of a server; ";
  if (said.origin != get(request, 40, 8)) faults += "another origin; ";
  if (static_cast<std::int64_t>(said.transmit - said.receive) <= 0) faults += "T3 not after T2; ";
  const std::size_t identifier = get(reply, 50, 2);
  if (get(reply, 48, 2) != 0x0104 || identifier < 36 || 48 + identifier > reply.size())
    return faults + "no identifier; ";
  const Octets echoed = slice(reply, 48, identifier);
  if (std::ranges::search(request, echoed).empty()) faults += "identifier changed; ";
  const Octets rest = slice(reply, 48 + identifier, reply.size() - 48 - identifier);
  if (verdict == Verdict::reply_nts_nak) {
    if (!rest.empty()) faults += "a NAK with more than the identifier; ";
    if (said.stratum != 0 || said.reference_id != 0x4e54'534e || said.leap != 3)
      faults += "no NAK; ";
  } else if (rest.size() < 8 || get(rest, 0, 2) != 0x0404 || get(rest, 2, 2) != rest.size()) {
    faults += "authenticator is not the last field; ";
  } else if (8 + get(rest, 4, 2) + get(rest, 6, 2) != rest.size()) {
    faults += "authenticator with other lengths; ";
  } else if (said.stratum == 0) {
    faults += "an authenticated kiss; ";
  }
  return faults;
}

}  // namespace

std::string faults_of_input(const Octets& input) {
  static OpenAead aead;
  static nts::NtpStage stage{aead};
  static const nts::KeyRing keys = ring();
  static clock::SnapshotLatch latch;
  static GuardedBuffer buffer;
  responder::PortPolicy policy{server_settings()};
  policy.set_answers_nts(true);
  if (input.empty() || input.size() > 1472) return "";
  Frame frame = ipv4_request();
  frame.payload = input;
  const Octets octets = frame.build();
  buffer.load(octets);
  responder::Packet packet;
  describe(packet, buffer.start(), octets.size());
  packet.verdict = responder::classify_frame(packet, policy);
  if (packet.verdict != Verdict::reply_nts) return "";
  responder::Packet* const batch[] = {&packet};
  stage.open(batch, keys);
  std::string faults;
  if (GuardedBuffer::copy(buffer.start(), octets.size()) != octets) faults += "judging wrote; ";
  if (!responder::is_reply(packet.verdict)) return faults;
  ++accepted;
  buffer.allow(octets.size());
  stage.prepare(policy, keys);
  latch.publish(known_snapshot());
  clock::ServedClock clock{latch};
  clock.refresh();
  const clock::Counter received[] = {{kKnownCounter + 10'000}};
  stage.finish(policy, clock, received, {kKnownCounter + 20'000}, {});
  if (!buffer.intact()) faults += "wrote outside its room; ";
  return faults +
         faults_of_reply(packet.verdict, input, GuardedBuffer::copy(packet.frame, packet.length));
}

std::uint64_t inputs_accepted() { return accepted; }

namespace {

Octets with_field(Octets message, std::uint16_t type, const Octets& body) {
  put16(message, type);
  put16(message, body.size() + 4);
  put(message, body);
  return message;
}

struct Shape {
  std::size_t cookie = 100;
  std::size_t identifier = 32;
  std::size_t placeholders = 0;
  std::size_t nonce = 16;
  std::size_t padding = 0;
  bool good_cookie = true;
  bool good_tag = true;
  Octets encrypted{};
};

Octets request_of(const Shape& shape) {
  Octets message = ntp_message();
  message = with_field(message, 0x0104, Octets(shape.identifier, 0xa7));
  Octets cookie(shape.cookie, 0x0c);
  // Of the ring's current key, third in the order of its file.
  if (cookie.size() >= 21) {
    const auto id = ring().current().id;
    for (std::size_t i = 0; i < 4; ++i) cookie[i] = static_cast<std::uint8_t>(id >> (24 - 8 * i));
    cookie[20] = shape.good_cookie ? 0 : 1;
  }
  message = with_field(message, 0x0204, cookie);
  for (std::size_t i = 0; i < shape.placeholders; ++i)
    message = with_field(message, 0x0304, Octets(shape.cookie));
  Octets body;
  put16(body, shape.nonce);
  put16(body, 16 + shape.encrypted.size());
  put(body, Octets((shape.nonce + 3) / 4 * 4, 0x4e));
  put(body, Octets(16, shape.good_tag ? 0 : 1));
  put(body, shape.encrypted);
  put(body, Octets(shape.padding));
  return with_field(message, 0x0404, body);
}

}  // namespace

std::vector<CorpusInput> corpus_inputs() {
  const Octets placeholder = with_field({}, 0x0304, Octets(100));
  Octets behind = request_of({});
  put(behind, Octets(28, 0xff));
  return {
      {"one_cookie", request_of({})},
      {"eight_cookies", request_of({.placeholders = 7})},
      {"twelve_cookies", request_of({.placeholders = 11})},
      {"aead_30", request_of({.cookie = 68, .placeholders = 3, .nonce = 12})},
      {"long_identifier", request_of({.identifier = 500})},
      {"unknown_cookie", request_of({.good_cookie = false})},
      {"wrong_tag", request_of({.placeholders = 1, .good_tag = false})},
      {"cookie_of_60", request_of({.cookie = 60})},
      {"cookie_of_16", request_of({.cookie = 16})},
      {"nonce_of_8", request_of({.nonce = 8})},
      {"nonce_of_8_padded", request_of({.nonce = 8, .padding = 8})},
      {"encrypted_placeholder", request_of({.encrypted = placeholder})},
      {"encrypted_noise", request_of({.encrypted = Octets(8, 0xff)})},
      {"noise_behind", behind},
  };
}

}  // namespace pollux::test
