// The table of all configuration keys: what the parser accepts and what a manual page needs to say.
// Constants only; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pollux::control {

enum class KeyType : std::uint8_t {
  kBoolean,
  kInteger,
  kString,
  kChoice,
  kIntegerList,
  kStringList,
  kAddressList,
  kDuration,  // "90s", "7d" or "never"; minimum and maximum in seconds
};

enum class Reload : std::uint8_t { kRestart, kReloadable };

struct Key {
  std::string_view path;  // "section.name"
  KeyType type = KeyType::kString;
  std::int64_t minimum = 0;        // of an integer or of each integer of a list
  std::int64_t maximum = 0;        //
  std::size_t longest_list = 0;    // of a list
  std::string_view choices;        // "auto|poll|sleep", in the order of the enumerators
  std::string_view default_value;  // as TOML; empty: none
  Reload reload = Reload::kRestart;
  std::string_view help;

  [[nodiscard]] constexpr std::string_view section() const {
    return path.substr(0, path.find('.'));
  }
  [[nodiscard]] constexpr std::string_view name() const { return path.substr(path.find('.') + 1); }
};

namespace key_table {

using enum Reload;
using Text = std::string_view;

constexpr Key boolean(Text path, Text initial, Reload reload, Text help) {
  return {path, KeyType::kBoolean, 0, 0, 0, "", initial, reload, help};
}
constexpr Key integer(Text path, std::int64_t minimum, std::int64_t maximum, Text initial,
                      Reload reload, Text help) {
  return {path, KeyType::kInteger, minimum, maximum, 0, "", initial, reload, help};
}
constexpr Key string(Text path, Text initial, Reload reload, Text help) {
  return {path, KeyType::kString, 0, 0, 0, "", initial, reload, help};
}
constexpr Key choice(Text path, Text choices, Text initial, Reload reload, Text help) {
  return {path, KeyType::kChoice, 0, 0, 0, choices, initial, reload, help};
}
constexpr Key integers(Text path, std::int64_t minimum, std::int64_t maximum, std::size_t longest,
                       Text initial, Reload reload, Text help) {
  return {path, KeyType::kIntegerList, minimum, maximum, longest, "", initial, reload, help};
}
constexpr Key strings(Text path, std::size_t longest, Text initial, Reload reload, Text help) {
  return {path, KeyType::kStringList, 0, 0, longest, "", initial, reload, help};
}

constexpr Key addresses(Text path, std::size_t longest, Text initial, Reload reload, Text help) {
  return {path, KeyType::kAddressList, 0, 0, longest, "", initial, reload, help};
}
constexpr Key duration(Text path, std::int64_t minimum, std::int64_t maximum, Text initial,
                       Reload reload, Text help) {
  return {path, KeyType::kDuration, minimum, maximum, 0, "", initial, reload, help};
}

}  // namespace key_table

inline constexpr auto kKeys = [] {
  using namespace key_table;
  return std::to_array<Key>({
      string("server.run_dir", "\"/run/pollux\"", kRestart,
             "directory of the sockets and the lock files"),
      string("server.user", "", kRestart,
             "who polluxd becomes once everything is open, when root starts it"),
      choice("server.log_level", "debug|info|warning|error", "\"info\"", kReloadable,
             "least severity that is logged"),

      integer("ntp.port", 1, 65535, "123", kRestart, "UDP port that is answered"),
      boolean("ntp.symmetric", "true", kReloadable,
              "answer symmetric active requests (mode 1) with mode 2"),
      integers("ntp.deny_source_ports", 1, 65535, 64, "[7, 17, 19, 53, 111, 389, 1900, 11211]",
               kReloadable, "UDP source ports that are never answered"),
      integer("ntp.dscp", 0, 63, "0", kReloadable, "Differentiated Services code point of replies"),

      integer("limits.host_replies", 0, 1'000'000, "1000", kReloadable,
              "ARP, neighbour discovery and echo replies a second and worker"),

      strings("clock.phc", 8, "[]", kRestart,
              "PTP hardware clocks, best first: device, interface or clock name (name* for the "
              "first that begins so)"),
      boolean("clock.trust_phc", "false", kRestart,
              "serve a hardware clock although no other clock confirms it"),
      choice("clock.timescale", "auto|utc|tai", "\"auto\"", kRestart,
             "what hardware clocks show; auto: found out with a synchronised system clock"),
      integer("clock.phc_error_ns", 0, 1'000'000'000, "0", kRestart,
              "error of a hardware clock that does not tell it; 0: 50000 for ENA, otherwise 1000"),
      integer("clock.phc_samples", 1, 25, "5", kRestart,
              "readings of a hardware clock at once, of which the narrowest counts"),
      string("clock.phc_reference_id", "", kRestart,
             "1 to 4 printable ASCII characters or an IPv4 address; PHC0, PHC1, ... unless set"),
      boolean("clock.trust", "false", kRestart,
              "declare the system clock good although the kernel calls it unsynchronised"),
      integer("clock.stratum", 1, 15, "", kRestart,
              "stratum that is served from the system clock; required with trust, otherwise "
              "chronyd's, or 10, unless set"),
      string(
          "clock.reference_id", "", kRestart,
          "of the system clock: 1 to 4 printable ASCII characters or an IPv4 address; chronyd's, "
          "or LOCL for stratum 1 and 127.127.1.1 for others, unless set"),
      integer("clock.holdover_max_us", 1, 100'000, "1000", kRestart,
              "error bound above which a better clock takes over from a lost hardware clock"),
      boolean("clock.local", "false", kRestart,
              "serve at stratum 10 when no clock is left to believe; for isolated networks"),
      boolean("clock.chronyd", "true", kRestart,
              "ask the chronyd of this host (127.0.0.1, port 323) about its sources"),
      string("clock.ptp4l", "", kRestart,
             "management socket of the ptp4l that keeps the first hardware clock"),
      integer("clock.ptp4l_domain", 0, 255, "0", kRestart, "PTP domain of that ptp4l"),
      string("clock.leap_file", "\"/usr/share/zoneinfo/leap-seconds.list\"", kRestart,
             "table of leap seconds; none: only announcements count"),
      string("clock.drift_file", "\"/var/lib/pollux/drift\"", kRestart,
             "keeps the counter's rate over a restart; none: it is not kept"),
      choice("clock.counter", "auto|tsc|monotonic_raw", "\"auto\"", kRestart,
             "what time is counted with; auto: the CPU's counter if it is fit"),
      integer("clock.rx_comp_ns", -1'000'000, 1'000'000, "0", kRestart,
              "from a frame's arrival to its receive stamp, subtracted from that"),
      integer("clock.tx_comp_ns", -1'000'000, 1'000'000, "0", kRestart,
              "from a reply's transmit stamp to its departure, added to that"),

      integers("workers.cores", 0, 1023, 128, "[]", kRestart,
               "CPU numbers, one worker each; none: the last CPU that polluxd may run on"),
      choice("workers.idle", "auto|poll|sleep", "\"auto\"", kRestart,
             "poll without pause or sleep when idle; auto: sleep when every port is a kernel one"),
      integer("workers.burst", 1, 32, "32", kRestart, "most packets taken at once"),

      boolean("memory.hugepages", "true", kRestart, "use hugepages; false: ordinary pages"),
      integer("memory.megabytes", 64, 65536, "256", kRestart, "memory for packets, in MiB"),
      integer("memory.mbufs", 1024, 4'194'304, "16384", kRestart, "number of packet buffers"),

      strings("eal.extra", 64, "[]", kRestart, "arguments appended to those of the DPDK EAL"),

      boolean("nts.enabled", "false", kRestart,
              "polluxd answers requests of Network Time Security"),
      string("nts.key_file", "\"/var/lib/pollux/ntskeys\"", kRestart,
             "keys of the cookies, shared by polluxd and pollux-ke"),
      string("nts.key_group", "", kRestart,
             "group that may read the key file; unless set only its owner may"),
      duration("nts.rotate", 1, 31'536'000, "\"7d\"", kReloadable,
               "age of the current key at which pollux-ke takes the next one; never: another "
               "program does"),
      choice("nts.aead", "auto|lockstep|ipsec-mb|reference", "\"auto\"", kRestart,
             "code that polluxd encrypts with; auto: the first of them that this CPU can run"),

      addresses("ke.listen", 64, R"(["0.0.0.0", "::"])", kRestart,
                "addresses that pollux-ke listens at"),
      integer("ke.port", 1, 65535, "4460", kRestart, "TCP port that pollux-ke listens at"),
      string("ke.certificate", "", kReloadable,
             "PEM file of the certificate and those that vouch for it"),
      string("ke.private_key", "", kReloadable, "PEM file of the certificate's key"),
      integer("ke.workers", 1, 64, "1", kRestart, "threads that serve sessions"),
      integer("ke.deadline_ms", 100, 60'000, "3000", kReloadable,
              "longest that a session may last, in ms"),
      integer("ke.connections", 1, 65535, "500", kReloadable,
              "sessions open at once, all threads together"),
      integer("ke.cookies", 1, 8, "8", kReloadable, "cookies for each session"),
      string("ke.ntp_server", "", kReloadable,
             "address or name that clients are sent to for NTP; unless set they ask the address "
             "that they have"),
      integer("ke.ntp_port", 1, 65535, "123", kReloadable, "UDP port that clients are sent to"),
      integer(
          "ke.sessions_per_address", 0, 1000, "8", kReloadable,
          "sessions that an IPv4 address or an IPv6 /64 may have at once before it has to wait; "
          "0: no limit"),
      integer("ke.address_interval_ms", 1, 3'600'000, "250", kReloadable,
              "time after which such an address may have one more, in ms"),
      integer("ke.sessions_per_second", 0, 1'000'000, "0", kReloadable,
              "sessions a second, all clients together; 0: no limit"),
      string("ke.user", "", kRestart,
             "user that pollux-ke becomes once it listens, when root starts it"),

      string("port.name", "", kRestart, "label, unique; unless set the device"),
      string("port.pci", "", kRestart, "PCI address of the device"),
      string("port.interface", "", kRestart, "kernel network interface, with driver"),
      choice("port.driver", "af_packet|af_xdp", "", kRestart, "how the interface is reached"),
      choice("port.xdp_mode", "auto|native|generic|copy", "\"auto\"", kRestart,
             "where the XDP program runs (native: in the driver), and whether frames are copied"),
      string("port.device", "", kRestart, "DPDK device string"),
      strings("port.addresses", 64, "", kReloadable,
              "own IPv4 and IPv6 addresses, each with an optional prefix length; unless set, those "
              "of the interface"),
      integers("port.vlans", 1, 4094, 16, "[]", kReloadable,
               "VLANs answered besides untagged and priority-tagged frames"),
      choice("port.host_stack", "auto|none|kernel", "\"auto\"", kRestart,
             "who answers ARP, neighbour discovery and echo: Pollux (none) or the kernel"),
      string("port.kernel_interface", "", kRestart,
             "name of the interface that the kernel gets for a pci or device port; plx0, plx1, ... "
             "unless set"),
      integer("port.rx_descriptors", 64, 32768, "1024", kRestart, "receive ring size"),
      integer("port.tx_descriptors", 64, 32768, "1024", kRestart, "transmit ring size"),
  });
}();

// The key of that path. A path that is not in the table does not compile.
consteval Key key_of(std::string_view path) {
  for (const Key& key : kKeys) {
    if (key.path == path) {
      return key;
    }
  }
  throw "no such key in kKeys";
}

}  // namespace pollux::control
