#include <fmt/format.h>

#include <string>
#include <string_view>

#include "control/cli/document.h"
#include "control/cli/format.h"
#include "control/cli/render.h"

namespace pollux::cli {
namespace {

using nlohmann::json;

std::string volume(const json& port, const char* packets, const char* bytes) {
  const auto octets = count_at(port, {bytes});
  return fmt::format("{} packets, {}", count_text(port, {packets}),
                     octets ? bytes_text(*octets) : "-");
}

std::string stamps(const json& port) {
  std::string kind = text_at(port, {"rx_timestamps"});
  if (kind != "hardware") return kind;
  return fmt::format("{}; {} used, {} refused", kind, count_text(port, {"rx_stamps_used"}),
                     count_text(port, {"rx_stamps_refused"}));
}

// Nothing where the kernel got no interface.
std::string kernel_line(const json& port) {
  const auto count = [&](const char* key) { return count_text(port, {"kernel", key}); };
  const auto kernel = port.find("kernel");
  if (kernel == port.end() || !kernel->is_object()) return "";
  return labelled("  Kernel",
                  fmt::format("{}: {} to it, {} dropped; {} from it, {} dropped",
                              text_at(port, {"kernel", "interface"}), count("to_kernel"),
                              count("dropped_to"), count("from_kernel"), count("dropped_from")));
}

std::string render_port(const json& port) {
  const auto count = [&](const char* key) { return count_text(port, {key}); };
  const std::string vlans = joined_at(port, {"vlans"});
  return fmt::format("{}: link {}\n", text_at(port, {"name"}), link_text(port)) +
         labelled("  Device", fmt::format("{} ({}), {}", text_at(port, {"device"}),
                                          text_at(port, {"driver"}), text_at(port, {"mac"}))) +
         labelled("  Addresses", joined_at(port, {"addresses"})) +
         labelled("  VLANs", vlans.empty() ? "none" : vlans) +
         labelled("  Set-up",
                  fmt::format("queues {}, rss {}, checksum {}, host stack {}", count("queues"),
                              text_at(port, {"rss"}), text_at(port, {"checksum"}),
                              text_at(port, {"host_stack"}))) +
         labelled("  RX stamps", stamps(port)) +
         labelled("  Received",
                  fmt::format("{}; {} missed, {} errors, {} without buffer",
                              volume(port, "rx_packets", "rx_bytes"), count("rx_missed"),
                              count("rx_errors"), count("rx_no_mbuf"))) +
         labelled("  Sent",
                  fmt::format("{}; {} errors, {} ring full", volume(port, "tx_packets", "tx_bytes"),
                              count("tx_errors"), count("tx_full"))) +
         kernel_line(port);
}

}  // namespace

std::string render_ports(const json& document) {
  std::string text;
  for (const json& port : list_at(document, {"ports"})) {
    text += (text.empty() ? "" : "\n") + render_port(port);
  }
  return text.empty() ? "no ports\n" : text;
}

}  // namespace pollux::cli
