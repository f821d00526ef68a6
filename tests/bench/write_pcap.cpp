// Writes valid NTP requests from many clients into a capture file, for drivers and generators that
// replay one.
//   write_pcap ipv4|ipv6 COUNT FILE
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "tests/bench/sample_frames.h"

namespace {

using pollux::bench::Shape;

constexpr std::uint32_t kMagic = 0xa1b2'c3d4;  // microseconds, in our own byte order
constexpr std::uint32_t kSnapLength = 65'535;
constexpr std::uint32_t kEthernet = 1;

bool write(std::FILE* file, Shape shape, std::uint32_t count) {
  const std::uint32_t header[] = {kMagic, 4U << 16U | 2U, 0, 0, kSnapLength, kEthernet};
  bool good = std::fwrite(header, sizeof header, 1, file) == 1;
  for (std::uint32_t number = 0; good && number < count; ++number) {
    const auto frame = pollux::bench::sample_frame(shape, number);
    const auto length = static_cast<std::uint32_t>(frame.size());
    const std::uint32_t record[] = {0, number, length, length};
    good = std::fwrite(record, sizeof record, 1, file) == 1 &&
           std::fwrite(frame.data(), length, 1, file) == 1;
  }
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: write_pcap ipv4|ipv6 COUNT FILE\n", stderr);
    return 2;
  }
  const Shape shape = std::string_view{argv[1]} == "ipv6" ? Shape::kIpv6 : Shape::kIpv4;
  const auto count = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(argv[3], "wb"),
                                                             &std::fclose};
  if (!file || !write(file.get(), shape, count) || std::fflush(file.get()) != 0) {
    std::perror(argv[3]);
    return 1;
  }
  return 0;
}
