#include "tests/fuzz/mutator.h"

#include <algorithm>
#include <array>

#include "tests/fuzz/frame_to_reply.h"
#include "tests/support/dissect.h"

namespace pollux::test {

namespace {

constexpr std::size_t kLongest = 1'600;

std::uint16_t complement(std::uint16_t sum) { return static_cast<std::uint16_t>(0xffffU - sum); }

// Sets the checksum at `at` of the upper layer, `covered` being all it covers with a zero there.
void fix_upper(Octets& frame, const Dissected& packet, std::size_t at, bool with_pseudo_header) {
  const std::size_t upper = packet.ip_offset + packet.ip_header_length;
  std::size_t length = packet.upper.size();
  if (packet.protocol == 17) length = std::min<std::size_t>(length, packet.udp_length);
  if (length < at + 2) return;
  set16(frame, upper + at, 0);
  const Octets message = slice(frame, upper, length);
  Octets covered;
  if (with_pseudo_header)
    covered = pseudo_header(packet.source, packet.destination, packet.protocol, length);
  put(covered, message);
  set16(frame, upper + at, complement(reference_sum(covered)));
}

}  // namespace

void fix_checksums(Octets& frame) {
  const auto packet = dissect(frame);
  if (!packet) return;
  if (!packet->is_ipv6) {
    set16(frame, packet->ip_offset + 10, 0);
    set16(frame, packet->ip_offset + 10,
          complement(reference_sum(slice(frame, packet->ip_offset, packet->ip_header_length))));
  }
  if (packet->protocol == 17 && packet->udp_checksum != 0) fix_upper(frame, *packet, 6, true);
  if (packet->protocol == 58) fix_upper(frame, *packet, 2, true);
  if (packet->protocol == 1) fix_upper(frame, *packet, 2, false);
}

// A field that says how long something is or what follows.
void Mutator::edit_field(Octets& frame) {
  const std::size_t ip = random_.chance(3) ? 18 : 14;
  const std::array<std::size_t, 16> places{12,      ip,      ip + 1,  ip + 2,  ip + 4,  ip + 5,
                                           ip + 6,  ip + 9,  ip + 20, ip + 24, ip + 40, ip + 41,
                                           ip + 44, ip + 48, ip + 76, ip + 98};
  const std::size_t at = places[random_.below(places.size())];
  if (at + 2 > frame.size()) return;
  const std::array<std::uint64_t, 6> words{0,
                                           random_.next(),
                                           get(frame, at, 2) + 1,
                                           get(frame, at, 2) - 1,
                                           get(frame, at, 2) + 4 * random_.below(8),
                                           random_.below(0x80)};
  set16(frame, at, words[random_.below(words.size())]);
}

void Mutator::splice(Octets& frame) {
  const Octets& other = any_seed();
  const std::size_t keep = random_.below(frame.size() + 1);
  const std::size_t from =
      random_.chance(2) ? std::min(keep, other.size()) : random_.below(other.size() + 1);
  frame.resize(keep);
  put(frame, slice(other, from, other.size() - from));
}

void Mutator::mutate(Octets& frame) {
  if (frame.empty()) {
    frame = random_.octets(random_.below(200));
    return;
  }
  const std::size_t at = random_.below(frame.size());
  switch (random_.below(9)) {
    case 0:
      frame[at] = static_cast<std::uint8_t>(frame[at] ^ 1U << random_.below(8));
      break;
    case 1:
      frame[at] = static_cast<std::uint8_t>(random_.next());
      break;
    case 2:
      frame.resize(at);
      break;
    case 3:
      put(frame, random_.octets(random_.below(random_.chance(8) ? 1'000 : 40)));
      break;
    case 4:
      splice(frame);
      break;
    case 5:
      frame.erase(frame.begin() + static_cast<std::ptrdiff_t>(at),
                  frame.begin() + static_cast<std::ptrdiff_t>(
                                      std::min(frame.size(), at + 1 + random_.below(16))));
      break;
    case 6: {
      const Octets more = random_.chance(2) ? random_.octets(1 + random_.below(16))
                                            : Octets(4 * (1 + random_.below(8)));
      frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(at), more.begin(), more.end());
      break;
    }
    default:
      edit_field(frame);
  }
}

Octets Mutator::next_frame() {
  Octets frame = any_seed();
  for (std::size_t changes = random_.below(4); changes > 0; --changes) mutate(frame);
  if (frame.size() > kLongest) frame.resize(kLongest);
  if (!random_.chance(5)) fix_checksums(frame);
  return frame;
}

// Half of all inputs run with the plain policy.
Octets Mutator::control() {
  Octets control(kControlOctets);
  if (random_.chance(2)) control = random_.octets(kControlOctets);
  if (!random_.chance(4)) control[2] = static_cast<std::uint8_t>(control[2] & 0x30U);
  return control;
}

Octets Mutator::next_input() {
  Octets input = control();
  const std::size_t frames = 1 + (input[2] >> 4U & 3U);
  for (std::size_t i = 0; i < frames; ++i) {
    const Octets frame = next_frame();
    if (i + 1 < frames) put16(input, frame.size());
    put(input, frame);
  }
  return input;
}

}  // namespace pollux::test
