#include "control/keys/key_access.h"

#include <unistd.h>

#include <utility>

#include "control/service/accounts.h"

namespace pollux::control {
std::expected<KeyAccess, std::string> key_access(const Config& config) {
  KeyAccess access{.owners = {0, geteuid()}};
  if (!config.ke.user.empty()) {
    auto user = find_user(config.ke.user, "ke.user");
    if (!user) return std::unexpected{std::move(user.error())};
    access.owners.push_back(user->uid);
  }
  if (!config.nts.key_group.empty()) {
    auto group = find_group(config.nts.key_group, "nts.key_group");
    if (!group) return std::unexpected{std::move(group.error())};
    access.group = *group;
  }
  return access;
}

}  // namespace pollux::control
