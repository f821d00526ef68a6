// Which changes of the configuration need a restart.
#include <fmt/format.h>

#include <algorithm>

#include "control/config/config.h"
#include "control/config/config_fields.h"

namespace pollux::control {
namespace {

template <typename Fields, typename Struct>
void add_differences(const Fields& fields, const Struct& running, const Struct& wanted,
                     std::string_view suffix, std::vector<std::string>& names) {
  for_each_field(fields, [&](const auto& field) {
    if (field.key.reload == Reload::kRestart && running.*field.member != wanted.*field.member) {
      names.push_back(fmt::format("{}{}", field.key.path, suffix));
    }
  });
}

bool same_device(const PortConfig& left, const PortConfig& right) {
  return left.kind == right.kind && left.device == right.device;
}

bool reads(Program program, std::string_view section) {
  const bool shared = section == "server" || section == "nts";
  return program == Program::kAny || shared || (section == "ke") == (program == Program::kPolluxKe);
}

}  // namespace

std::vector<std::string> restart_required(const Config& running, const Config& wanted,
                                          Program program) {
  std::vector<std::string> names;
  for_each_section([&](std::string_view section, const auto& fields, auto member) {
    if (!reads(program, section)) return;
    add_differences(fields, running.*member, wanted.*member, "", names);
  });
  if (!reads(program, "port")) return names;
  if (!std::ranges::equal(running.ports, wanted.ports, same_device)) {
    names.emplace_back("port");
    return names;
  }
  for (std::size_t i = 0; i < running.ports.size(); ++i) {
    add_differences(kPortFields, running.ports[i], wanted.ports[i],
                    fmt::format(" ({})", running.ports[i].name), names);
  }
  return names;
}

}  // namespace pollux::control
