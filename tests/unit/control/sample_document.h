// An observe document as polluxd writes it.
#pragma once

#include <nlohmann/json.hpp>

namespace pollux::cli {

inline nlohmann::json sample_document() {
  return nlohmann::json::parse(R"({
"version":"0.1.0","pid":1234,"started":"2026-11-22T10:00:00Z","uptime_s":93784.5,
"state":"synchronised","status":"serving the system clock at stratum 3","warnings":["one","two"],
"clock":{"state":"LOCKED","source":"system","trusted":true,"leap":"none","stratum":3,"reference_id":"127.127.1.1",
  "reference_time":"2026-11-22T10:00:00.000Z","precision":-25,"root_delay_s":0.0,
  "root_dispersion_s":0.001,"error_bound_s":0.0015,"frequency_ppm":-1.234,
  "counter_hz":2445425837.1,"offset_s":1e-9,"updates":100,"age_s":0.1,"steps":0,
  "reference_id_hex":"7F7F0101","rms_offset_s":4.5e-8,"residual_frequency_ppm":0.002,
  "skew_ppm":0.015,"update_interval_s":0.125,"doubt_s":0,"sigma_s":7e-9,"read_window_s":8e-8,
  "holdover_age_s":0,"tai_minus_utc_s":37,"pending_leap":null,
  "peers":{"chronyd":{"outcome":"answered","follows_phc":false},
    "ptp4l":{"outcome":"answered","verdict":"poor clock class"}},
  "sources":[{"name":"eth0","kind":"phc","device":"/dev/ptp0","clock_name":"mlx5_ptp",
    "method":"precise","state":"absent","followed":false,"voters":"none","timescale":"auto",
    "offset_s":null,"error_s":1e-6,"bound_s":null,"sigma_s":null,"frequency_ppm":0,
    "read_window_s":null,"samples":0,"failures":12,"disruptions":0,
    "trouble":"/dev/ptp0: the clock is unplugged"},
   {"name":"system","kind":"system","device":"","clock_name":"","method":"","state":"tracking",
    "followed":true,"voters":"none","timescale":"utc","offset_s":1e-9,"error_s":0.001,
    "bound_s":0.0015,"sigma_s":7e-9,"frequency_ppm":-1.234,"read_window_s":8e-8,"samples":12345,
    "failures":0,"disruptions":0,"trouble":""}],
  "voters":[{"address":"192.0.2.7","stratum":2,"offset_s":0.0001,"bound_s":0.012,"usable":true,
    "agrees":true},
   {"address":"2001:db8::7","stratum":3,"offset_s":-0.25,"bound_s":0.003,"usable":true,
    "agrees":false},
   {"address":"192.0.2.8","stratum":0,"offset_s":0,"bound_s":0,"usable":false,"agrees":false}]},
"requests":{"received":1234567,"answered":1234560,"dropped":7,"received_per_s":12345.6,
  "answered_per_s":1.0},
"serverstats":{"verdicts":[
  {"name":"reply_plain","kind":"reply","count":1234560,"help":"answered without extensions"},
  {"name":"kernel_other","kind":"kernel","count":12,"help":"not for Pollux"},
  {"name":"drop_mode","kind":"drop","count":7,"help":"neither a client nor symmetric"},
  {"name":"drop_short","kind":"drop","count":0,"help":"shorter than an NTP header"}],
  "answered_by_family":{"ipv4":1000000,"ipv6":234560},
  "answered_by_version":{"1":0,"2":0,"3":60,"4":1234500}},
"workers":[{"id":0,"core":1,"idle":"poll","running":true,"busy":0.031,"packets":1234567,
  "polls":99999999,"busy_polls":9,"cycles_per_packet":95.1,"mean_burst":1.1},
  {"id":1,"core":12,"idle":"poll","running":false,"busy":0,"packets":0,"polls":0,"busy_polls":0,
  "cycles_per_packet":0,"mean_burst":0}],
"ports":[{"name":"wan","device":"net_af_packet0","driver":"net_af_packet",
  "mac":"02:00:00:00:00:01","link_up":true,"link_mbps":10000,
  "addresses":["192.0.2.1/24","2001:db8::1/64"],"vlans":[100],"queues":1,"host_stack":"none",
  "rss":"none","checksum":"software","rx_packets":1234567,"rx_bytes":111111030,"rx_missed":0,
  "rx_errors":0,"rx_no_mbuf":0,"tx_packets":1234560,"tx_bytes":111110400,"tx_errors":0,
  "tx_full":0,"rx_timestamps":"none","rx_stamps_used":0,"rx_stamps_refused":0,"kernel":null}],
"nts":{"enabled":true,"key_file":"/var/lib/pollux/ntskeys","trouble":null,
  "loaded":"2026-11-22T10:00:00.123Z",
  "keys":[{"id":"227E8DAC","use":"old","age_s":null},{"id":"3428122D","use":"old","age_s":null},
   {"id":"9E919B6E","use":"current","age_s":7200.5},{"id":"0DED27DF","use":"next","age_s":null}]},
"memory":{"mbufs":16384,"mbufs_in_use":10,"hugepages":true}})");
}

}  // namespace pollux::cli
