#include "control/config/config_port.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <set>

#include "control/config/address_text.h"
#include "control/service/text.h"

namespace pollux::control {
namespace {

struct DeviceKey {
  Key key;
  PortKind kind;
};

constexpr std::array kDeviceKeys = {
    DeviceKey{key_of("port.pci"), PortKind::kPci},
    DeviceKey{key_of("port.interface"), PortKind::kInterface},
    DeviceKey{key_of("port.device"), PortKind::kDevice},
};

// The rules of the kernel: dev_valid_name() in net/core/dev.c.
bool is_interface_name(std::string_view name) {
  return name.size() < IFNAMSIZ && name != "." && name != ".." &&
         name.find_first_of("/: \t") == std::string_view::npos;
}

// The device in its normal form; on error a message without the key.
std::expected<std::string, std::string> checked_device(PortKind kind, const std::string& text) {
  switch (kind) {
    case PortKind::kPci:
      if (auto address = normalised_pci_address(text)) {
        return *address;
      }
      return std::unexpected("is not a PCI address such as 0000:00:06.0");
    case PortKind::kInterface:
      if (is_interface_name(text)) {
        return text;
      }
      return std::unexpected("is not a name that an interface can have");
    case PortKind::kDevice:
      break;
  }
  if (text.front() == ',' || text.find(' ') != std::string::npos) {
    return std::unexpected("is not a DPDK device string such as net_memif0,role=server");
  }
  return text;
}

void read_device(ConfigReader& reader, const toml::table& table, PortConfig& port) {
  int devices = 0;
  for (const DeviceKey& choice : kDeviceKeys) {
    const toml::node* node = table.get(choice.key.name());
    if (node == nullptr) {
      continue;
    }
    ++devices;
    port.kind = choice.kind;
    const auto text = reader.string(choice.key, *node);
    if (!text) {
      continue;
    }
    auto device = checked_device(choice.kind, *text);
    if (device) {
      port.device = std::move(*device);
    } else {
      reader.fail(line_of(*node),
                  fmt::format("{}: '{}' {}", choice.key.path, printable(*text), device.error()));
    }
  }
  if (devices != 1) {
    reader.fail(
        line_of(table),
        fmt::format("[[port]] needs exactly one of pci, interface and device, found {}", devices));
    return;
  }
  const toml::node* driver = table.get("driver");
  if (port.kind == PortKind::kInterface && driver == nullptr) {
    reader.fail(line_of(table), "[[port]] with interface needs driver, af_packet or af_xdp");
  } else if (port.kind != PortKind::kInterface && driver != nullptr) {
    reader.fail(line_of(*driver), "port.driver is for a port with interface only");
  }
  if (port.xdp_mode != XdpMode::kAuto &&
      (port.kind != PortKind::kInterface || port.driver != InterfaceDriver::kAfXdp)) {
    reader.fail(line_of(*table.get("xdp_mode")),
                "port.xdp_mode is for a port with driver = \"af_xdp\" only");
  }
}

// The address alone, by which duplicates are found.
std::string bare(const InterfaceAddress& own) {
  return std::visit([](const auto& version) { return to_string(version.address); }, own);
}

void read_addresses(ConfigReader& reader, const toml::table& table, PortConfig& port) {
  constexpr Key kKey = key_of("port.addresses");
  const toml::node* node = table.get(kKey.name());
  if (node == nullptr) {
    port.follows_interface = port.kind == PortKind::kInterface;
    if (!port.follows_interface)
      reader.fail(line_of(table), "[[port]] needs addresses, a list of its own addresses");
    return;
  }
  const toml::array* list = reader.array(kKey, *node);
  if (list == nullptr) {
    return;
  }
  if (list->empty()) {
    reader.fail(line_of(*node), "port.addresses: at least one address is needed");
  }
  std::set<std::string> seen;
  for (const toml::node& element : *list) {
    const auto text = reader.string(kKey, element);
    if (!text) {
      continue;
    }
    const auto own = parse_interface_address(*text);
    if (!own) {
      reader.fail(line_of(element),
                  fmt::format("port.addresses: '{}' {}", printable(*text), own.error()));
    } else if (!seen.insert(bare(*own)).second) {
      reader.fail(line_of(element), fmt::format("port.addresses: {} is there twice", bare(*own)));
    } else if (const auto* ipv4 = std::get_if<wire::Ipv4Interface>(&*own)) {
      port.ipv4.push_back(*ipv4);
    } else {
      port.ipv6.push_back(std::get<wire::Ipv6Interface>(*own));
    }
  }
}

void check_vlans(ConfigReader& reader, const toml::table& table, const PortConfig& port) {
  if (std::set(port.vlans.begin(), port.vlans.end()).size() != port.vlans.size()) {
    reader.fail(line_of(*table.get("vlans")), "port.vlans: a VLAN is there twice");
  }
}

void check_kernel_interface(ConfigReader& reader, const toml::table& table,
                            const PortConfig& port) {
  const toml::node* node = table.get("kernel_interface");
  if (node == nullptr) {
    return;
  }
  if (port.kernel_interface.empty() || !is_interface_name(port.kernel_interface)) {
    reader.fail(line_of(*node),
                fmt::format("port.kernel_interface: '{}' is not a name that an interface can have",
                            printable(port.kernel_interface)));
  } else if (port.kind == PortKind::kInterface) {
    reader.fail(line_of(*node), "port.kernel_interface is for a port with pci or device only");
  } else if (port.host_stack == HostStack::kNone) {
    reader.fail(line_of(*node), "port.kernel_interface means nothing with host_stack = \"none\"");
  }
}

}  // namespace

PortConfig read_port(ConfigReader& reader, const toml::table& table) {
  PortConfig port;
  reader.check_names(table, "port");
  reader.read_fields(table, kPortFields, port);
  read_device(reader, table, port);
  read_addresses(reader, table, port);
  check_vlans(reader, table, port);
  check_kernel_interface(reader, table, port);
  if (port.name.empty()) {
    port.name = device_name(port);
  }
  return port;
}

std::optional<std::string> kernel_interface(const PortConfig& port, std::size_t index) {
  const bool is_wanted = port.host_stack == HostStack::kKernel || !port.kernel_interface.empty();
  if (port.kind == PortKind::kInterface || !is_wanted) {
    return std::nullopt;
  }
  return port.kernel_interface.empty() ? fmt::format("plx{}", index) : port.kernel_interface;
}

std::string device_name(const PortConfig& port) {
  const std::string name = port.device.substr(0, port.device.find(','));
  return normalised_pci_address(name).value_or(name);
}

}  // namespace pollux::control
