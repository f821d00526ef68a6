// Capture files (pcap, of Ethernet frames), for drivers and generators that replay one. For tests
// only.
#pragma once

#include <filesystem>
#include <vector>

#include "tests/support/octets.h"

namespace pollux::test {

void write_pcap_file(const std::filesystem::path& path, const std::vector<Octets>& frames);
[[nodiscard]] std::vector<Octets> read_pcap_file(const std::filesystem::path& path);

}  // namespace pollux::test
