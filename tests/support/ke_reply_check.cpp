#include "tests/support/ke_reply_check.h"

#include <algorithm>
#include <map>
#include <vector>

namespace pollux::test {

namespace {

constexpr std::size_t kHeader = 4;

struct ReplyRecord {
  bool critical = false;
  Octets body;
};

// The records by their types; faults where they are not records up to the last octet, or do not
// end with the one end of the message.
struct Reply {
  std::multimap<unsigned, ReplyRecord> records;
  std::string faults;

  explicit Reply(const Octets& octets) {
    unsigned last = 99;
    std::size_t at = 0;
    while (octets.size() - at >= kHeader) {
      const auto first = get(octets, at, 2);
      const std::size_t length = get(octets, at + 2, 2);
      at += kHeader;
      if (octets.size() - at < length) break;
      last = static_cast<unsigned>(first % 0x8000);
      records.insert({last, {.critical = first >= 0x8000, .body = slice(octets, at, length)}});
      at += length;
    }
    if (at != octets.size()) faults += "no whole records; ";
    if (last != kRecordEnd || records.count(kRecordEnd) != 1)
      faults += "no end, or not at the end; ";
    expect("end", kRecordEnd, true, {Octets{}});
  }

  // The bodies of all records of a type, all with the critical bit or all without.
  void expect(const std::string& name, unsigned type, bool critical,
              const std::vector<Octets>& bodies) {
    const auto [begin, end] = records.equal_range(type);
    std::vector<Octets> found;
    for (auto record = begin; record != end; ++record) {
      found.push_back(record->second.body);
      if (record->second.critical != critical) faults += name + ": wrong critical bit; ";
    }
    if (found != bodies) faults += name + ": not what it has to be; ";
    expected += found.size();
  }

  // Records that nobody asked for.
  [[nodiscard]] std::string all_faults() const {
    return faults + (expected == records.size() ? "" : "records too many; ");
  }

  std::size_t expected = 0;
};

Octets number(unsigned value) {
  Octets body;
  put16(body, value);
  return body;
}

void expect_cookies(Reply& reply, std::size_t count, std::size_t length) {
  const auto [begin, end] = reply.records.equal_range(kRecordCookie);
  for (auto cookie = begin; cookie != end; ++cookie) {
    ++reply.expected;
    // RFC 8915 §4.1.6: the critical bit should not be set.
    if (cookie->second.critical) reply.faults += "cookie: wrong critical bit; ";
    if (cookie->second.body.size() != length) reply.faults += "cookie: wrong length; ";
  }
  if (reply.records.count(kRecordCookie) != count) reply.faults += "cookies: wrong number; ";
}

}  // namespace

std::string faults_of_ke_reply(const KeVerdict& request, const Octets& octets,
                               const KeReplyRules& rules) {
  using Bodies = std::vector<Octets>;
  Reply reply{octets};
  const bool has_keys = request.offers_ntpv4 && request.aead;
  // RFC 8915 §4.1.2: the critical bit must be set; §4.1.5: it may be.
  reply.expect("protocols", kRecordProtocols, true, {request.offers_ntpv4 ? number(0) : Octets{}});
  if (request.offers_ntpv4)
    reply.expect("AEAD", kRecordAeads, true, {request.aead ? number(*request.aead) : Octets{}});
  const bool echoes = has_keys && request.aead == 30U && request.compliant;
  reply.expect("record 1024", kRecordCompliant, false, echoes ? Bodies{Octets{}} : Bodies{});
  const bool names_server = has_keys && !rules.server.empty();
  reply.expect("server", kRecordServer, true,
               names_server ? Bodies{{rules.server.begin(), rules.server.end()}} : Bodies{});
  const bool names_port = has_keys && rules.port != 123;
  reply.expect("port", kRecordPort, true, names_port ? Bodies{number(rules.port)} : Bodies{});
  expect_cookies(reply, has_keys ? rules.cookies : 0, request.aead == 30U ? 68 : 100);
  return reply.all_faults();
}

std::string faults_of_ke_error(unsigned error, const Octets& octets) {
  Reply reply{octets};
  reply.expect("error", kRecordError, true, {number(error)});
  return reply.all_faults();
}

}  // namespace pollux::test
