-- One headless run of Pktgen-DPDK: sends requests at one or more rates and writes what came of each to a file.
-- scripts/bench-pktgen starts it; docs/pktgen.md says how to do the same by hand. From the environment:
--   POLLUX_RESULT   the file to write, one line "RATE SECONDS SENT RECEIVED" for each rate
--   POLLUX_RATES    percentages of the link's speed, with spaces between
--   POLLUX_SECONDS  how long at each
--   POLLUX_STREAM   "pcap": the capture that Pktgen was given with -s; "pattern": Pktgen's own frames, IPv4, by
--                   POLLUX_MAC, POLLUX_SERVER (addresses of the server) and POLLUX_CLIENT (as "198.18.7.1/15")
--   POLLUX_BURST    frames that it sends at once; 32 where this is not set

local port = "0"

local function setting(name)
  return os.getenv(name) or error(name .. " is not set")
end

-- A frame of 90 octets and the four of its check sequence, which Pktgen counts. The pattern repeats from the start of
-- the frame, so that its eleventh character is the first octet of NTP: '#', version 4, mode client.
local function use_pattern()
  pktgen.set(port, "size", 94)
  pktgen.set_type(port, "ipv4")
  pktgen.set_proto(port, "udp")
  pktgen.set_mac(port, "dst", setting("POLLUX_MAC"))
  pktgen.set_ipaddr(port, "src", setting("POLLUX_CLIENT"))
  pktgen.set_ipaddr(port, "dst", setting("POLLUX_SERVER"))
  pktgen.set(port, "sport", 20000)
  pktgen.set(port, "dport", 123)
  pktgen.userPattern(port, "0123456789#bcde")
  pktgen.pattern(port, "user")
end

local function counts()
  local stats = pktgen.portStats(port, "port")[0]
  return stats.opackets, stats.ipackets
end

-- What is on its way when the sending stops is waited for, and belongs to the rate.
local function run(rate, seconds)
  pktgen.set(port, "rate", rate)
  pktgen.clr()
  pktgen.delay(1200)
  local sent, received = counts()
  pktgen.start(port)
  pktgen.delay(seconds * 1000)
  pktgen.stop(port)
  pktgen.delay(1200)
  local all_sent, all_received = counts()
  return all_sent - sent, all_received - received
end

pktgen.screen("off")
pktgen.set(port, "count", 0)
pktgen.set(port, "burst", tonumber(os.getenv("POLLUX_BURST") or "32"))
if setting("POLLUX_STREAM") == "pattern" then use_pattern() end
local seconds = tonumber(setting("POLLUX_SECONDS"))
local result = assert(io.open(setting("POLLUX_RESULT"), "w"))
for word in string.gmatch(setting("POLLUX_RATES"), "%S+") do
  local sent, received = run(tonumber(word), seconds)
  result:write(string.format("%s %d %d %d\n", word, seconds, sent, received))
end
result:close()
pktgen.quit()
