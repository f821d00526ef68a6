#include "ptp/phc/device_lookup.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>
#include <vector>

#include "ptp/phc/small_file.h"

namespace pollux::phc {

namespace {

using Found = std::expected<PhcIdentity, std::string>;

struct Entry {
  PhcIdentity identity;
  std::string number;  // "247:0", of the character device
};

// N of "ptpN"; nothing for any other name.
std::optional<int> index_of(std::string_view name) {
  if (!name.starts_with("ptp")) return std::nullopt;
  const auto index = parse_number(name.substr(3));
  if (!index || *index > std::numeric_limits<int>::max()) return std::nullopt;
  return static_cast<int>(*index);
}

std::filesystem::path parent_of(const std::filesystem::path& sysfs) {
  std::error_code error;
  auto parent = std::filesystem::canonical(sysfs / "device", error);
  return error ? std::filesystem::path{} : parent;
}

// All PTP clocks that sysfs shows, by number.
std::vector<Entry> list(const LookupRoots& roots) {
  std::vector<Entry> result;
  std::error_code error;
  const auto folder = roots.sys / "class/ptp";
  auto it = std::filesystem::directory_iterator{folder, error};
  for (; !error && it != std::filesystem::directory_iterator{}; it.increment(error)) {
    const std::string file = it->path().filename();
    const auto index = index_of(file);
    const auto number = read_small_file(it->path() / "dev");
    if (!index || !number) continue;
    result.push_back(
        {.identity = {.index = *index,
                      .device = roots.dev / file,
                      .clock_name = read_small_file(it->path() / "clock_name").value_or(""),
                      .sysfs = it->path(),
                      .parent = parent_of(it->path())},
         .number = *number});
  }
  std::ranges::sort(result, {}, [](const Entry& entry) { return entry.identity.index; });
  return result;
}

// "247:0" of a character device, a link to one included; nothing for anything else.
std::optional<std::string> device_number(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0 || !S_ISCHR(status.st_mode)) return std::nullopt;
  return std::to_string(major(status.st_rdev)) + ':' + std::to_string(minor(status.st_rdev));
}

// The file in /dev has to be the one that sysfs means.
Found confirm(const Entry& entry, std::string_view written) {
  if (device_number(entry.identity.device) != entry.number)
    return std::unexpected{entry.identity.device + " is not the device of the clock " +
                           entry.identity.sysfs.filename().string()};
  PhcIdentity identity = entry.identity;
  identity.written = written;
  return identity;
}

Found find_by_path(const std::string& path, const std::vector<Entry>& entries) {
  const auto number = device_number(path);
  if (!number) return std::unexpected{path + " is not a character device"};
  const auto found = std::ranges::find(entries, *number, &Entry::number);
  if (found == entries.end()) return std::unexpected{path + " is not a PTP hardware clock"};
  Entry entry = *found;
  entry.identity.device = path;
  return confirm(entry, path);
}

Found find_by_pattern(std::string_view pattern, const std::vector<Entry>& entries) {
  const auto start = pattern.substr(0, pattern.size() - 1);
  const auto found = std::ranges::find_if(entries, [start](const Entry& entry) {
    return entry.identity.clock_name.starts_with(start);
  });
  if (found != entries.end()) return confirm(*found, pattern);
  return std::unexpected{"no PTP hardware clock has a name like " + std::string{pattern}};
}

Found find_by_index(int index, const std::string& interface, const std::vector<Entry>& entries) {
  const auto found =
      std::ranges::find(entries, index, [](const Entry& entry) { return entry.identity.index; });
  if (found != entries.end()) return confirm(*found, interface);
  return std::unexpected{"the clock of " + interface + ", ptp" + std::to_string(index) +
                         ", is not to be seen"};
}

Found find_by_name(std::string_view name, const std::vector<Entry>& entries) {
  const Entry* found = nullptr;
  for (const Entry& entry : entries) {
    if (entry.identity.clock_name != name) continue;
    if (found != nullptr)
      return std::unexpected{"several PTP hardware clocks are called " + std::string{name} +
                             ": name the device or the interface"};
    found = &entry;
  }
  if (found != nullptr) return confirm(*found, name);
  return std::unexpected{"no PTP hardware clock and no interface is called " + std::string{name}};
}

bool is_path(std::string_view written) { return written.find('/') != std::string_view::npos; }

}  // namespace

Found find_phc(std::string_view written, PhcKernel& kernel, const LookupRoots& roots) {
  if (written.empty() || written.find('\0') != std::string_view::npos)
    return std::unexpected{"a PTP hardware clock needs a path, an interface or a clock name"};
  const auto entries = list(roots);
  const std::string text{written};
  if (is_path(written)) return find_by_path(text, entries);
  if (written.ends_with('*')) return find_by_pattern(written, entries);
  const auto index = kernel.interface_clock(text);
  if (index && *index >= 0) return find_by_index(*index, text, entries);
  auto by_name = find_by_name(written, entries);
  if (!by_name && (index || index.error() == EOPNOTSUPP))
    return std::unexpected{"the interface " + text + " has no PTP hardware clock"};
  return by_name;
}

Found find_phc_again(const PhcIdentity& lost, PhcKernel& kernel, const LookupRoots& roots) {
  const auto entries = list(roots);
  std::vector<const Entry*> siblings;
  std::vector<const Entry*> namesakes;
  for (const Entry& entry : entries) {
    if (entry.identity.parent != lost.parent) continue;
    siblings.push_back(&entry);
    if (entry.identity.clock_name == lost.clock_name) namesakes.push_back(&entry);
  }
  if (namesakes.size() == 1) return confirm(*namesakes.front(), lost.written);
  // Clocks without a parent have nothing in common.
  if (!lost.parent.empty() && siblings.size() == 1) return confirm(*siblings.front(), lost.written);
  if (!is_path(lost.written)) return find_phc(lost.written, kernel, roots);
  return std::unexpected{"the clock " + lost.clock_name + " is not there"};
}

}  // namespace pollux::phc
