// Capture files that net_pcap reads requests from and writes replies to. Pure.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/octets.h"

namespace pollux::test {

void write_pcap_file(const std::filesystem::path& path, const std::vector<Octets>& frames);
[[nodiscard]] std::vector<Octets> read_pcap_file(const std::filesystem::path& path);

// The device that reads requests.pcap of a directory and writes replies.pcap there.
[[nodiscard]] std::string pcap_device(const std::filesystem::path& directory);

}  // namespace pollux::test
