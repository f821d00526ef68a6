#include "tests/support/pcap_file.h"

#include <fstream>
#include <iterator>

namespace pollux::test {

namespace {

constexpr std::size_t kFileHeader = 24;
constexpr std::size_t kFrameHeader = 16;

// Capture files are in the order of the machine that wrote them; this one is little-endian.
void put_word(Octets& to, std::size_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    to.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

std::size_t get_word(const Octets& from, std::size_t at) {
  return from[at] | std::size_t{from[at + 1]} << 8U | std::size_t{from[at + 2]} << 16U |
         std::size_t{from[at + 3]} << 24U;
}

}  // namespace

void write_pcap_file(const std::filesystem::path& path, const std::vector<Octets>& frames) {
  Octets file;
  for (const std::size_t word : {0xa1b2'c3d4U, 0x0004'0002U, 0U, 0U, 65'535U, 1U}) {
    put_word(file, word);
  }
  for (const auto& frame : frames) {
    for (const std::size_t word : {std::size_t{0}, std::size_t{0}, frame.size(), frame.size()}) {
      put_word(file, word);
    }
    put(file, frame);
  }
  std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(file.data()),
                                              static_cast<std::streamsize>(file.size()));
}

std::vector<Octets> read_pcap_file(const std::filesystem::path& path) {
  std::ifstream stream{path, std::ios::binary};
  const Octets file{std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
  std::vector<Octets> frames;
  for (std::size_t at = kFileHeader; at + kFrameHeader <= file.size();) {
    const std::size_t length = get_word(file, at + 8);
    at += kFrameHeader;
    if (at + length > file.size()) break;
    frames.push_back(slice(file, at, length));
    at += length;
  }
  return frames;
}

}  // namespace pollux::test
