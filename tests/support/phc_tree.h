// A /sys and a /dev with PTP hardware clocks, in a temporary folder that goes with its owner. The
// device files are links to character devices that every machine has.
#pragma once

#include <stdlib.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "ptp/phc/device_lookup.h"

namespace pollux::test {

class PhcTree {
 public:
  using Path = std::filesystem::path;

  struct Device {
    std::string_view path;
    std::string_view number;  // major:minor
  };
  static constexpr std::array<Device, 3> kDevices{
      {{"/dev/null", "1:3"}, {"/dev/zero", "1:5"}, {"/dev/full", "1:7"}}};

  PhcTree() {
    std::string name = (std::filesystem::temp_directory_path() / "pollux-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    // sysfs paths are compared after links are followed.
    root_ = std::filesystem::canonical(name);
    std::filesystem::create_directories(root_ / "dev");
  }
  ~PhcTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  PhcTree(const PhcTree&) = delete;
  PhcTree& operator=(const PhcTree&) = delete;

  [[nodiscard]] phc::LookupRoots roots() const {
    return {.sys = root_ / "sys", .dev = root_ / "dev"};
  }
  [[nodiscard]] const Path& root() const { return root_; }

  // ptpN, as a driver registers it below `parent`, a folder in sys/devices; "" for none.
  void add(int index, std::string_view clock_name, std::string_view parent, const Device& device) {
    const std::string ptp = "ptp" + std::to_string(index);
    const Path below = parent.empty() ? Path{"virtual/ptp"} : Path{parent} / "ptp";
    const Path folder = root_ / "sys/devices" / below / ptp;
    write(folder / "clock_name", std::string{clock_name} + '\n');
    write(folder / "dev", std::string{device.number} + '\n');
    if (!parent.empty()) std::filesystem::create_symlink("../..", folder / "device");
    std::filesystem::create_directories(root_ / "sys/class/ptp");
    std::filesystem::create_symlink(folder, root_ / "sys/class/ptp" / ptp);
    std::filesystem::create_symlink(device.path, root_ / "dev" / ptp);
  }

  void remove(int index) {
    const std::string ptp = "ptp" + std::to_string(index);
    const Path link = root_ / "sys/class/ptp" / ptp;
    std::filesystem::remove_all(std::filesystem::canonical(link));
    std::filesystem::remove(link);
    std::filesystem::remove(root_ / "dev" / ptp);
  }

  static void write(const Path& file, std::string_view text) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file} << text;
  }

 private:
  Path root_;
};

}  // namespace pollux::test
