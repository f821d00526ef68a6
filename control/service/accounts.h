// Users and groups of this host by their names. Control thread.
#pragma once

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pollux::control {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // all of them, `gid` too
};

// The error is a sentence that begins with `key`, the configuration's key for it.
[[nodiscard]] std::expected<User, std::string> find_user(const std::string& name,
                                                         std::string_view key);

[[nodiscard]] std::expected<gid_t, std::string> find_group(const std::string& name,
                                                           std::string_view key);

}  // namespace pollux::control
