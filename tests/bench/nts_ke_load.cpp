// A load of NTS key establishments, for scripts/bench-nts-ke: keeps several sessions in flight,
// looks at every answer, and says how many were good. Shares nothing with the server but OpenSSL.
//   nts_ke_load ADDRESS PORT AUTHORITY SESSIONS_IN_FLIGHT SECONDS
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <list>
#include <memory>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Octets = std::vector<std::uint8_t>;

constexpr std::size_t kCookies = 8;
constexpr std::chrono::seconds kPatience{10};  // for one session
// NTPv4 and AES-SIV-CMAC-256 (RFC 8915 §4.1), as ordinary clients ask for them.
constexpr std::array<std::uint8_t, 16> kRequest{0x80, 1, 0, 2,  0,    0, 0x80, 4,
                                                0,    2, 0, 15, 0x80, 0, 0,    0};

struct Options {
  sockaddr_in server{};
  std::string address;
  std::string authority;
  std::size_t in_flight = 0;
  double seconds = 0;
};

std::string last_error(const char* what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  return std::string{what} + ": " + text.data();
}

// What is wrong with an answer; empty: nothing. `cookie_length` is that of the first one seen.
std::string fault_of(const Octets& answer, std::size_t& cookie_length) {
  std::set<std::string> cookies;
  std::string others;  // types and bodies of the other records
  std::size_t at = 0;
  while (at + 4 <= answer.size()) {
    const unsigned type = (answer[at] & 0x7fU) << 8U | answer[at + 1];
    const std::size_t length = std::size_t{answer[at + 2]} << 8U | answer[at + 3];
    if (answer.size() - at - 4 < length) return "a record that is cut off";
    const auto body = answer.begin() + static_cast<std::ptrdiff_t>(at) + 4;
    const std::string octets{body, body + static_cast<std::ptrdiff_t>(length)};
    at += 4 + length;
    if (type == 5) {
      if (cookie_length == 0) cookie_length = length;
      if (length != cookie_length) return "cookies of different lengths";
      if (!cookies.insert(octets).second) return "the same cookie twice";
    } else if (type == 0) {
      break;
    } else if (type == 1 || type == 4) {
      others += std::to_string(type) + ":" + std::to_string(octets.empty() ? 0 : octets.back());
      others += ' ';
    } else if (type == 2) {
      return "an error record";
    }
  }
  if (at != answer.size()) return "something behind the end of the message";
  if (others != "1:0 4:15 ") return "not the protocol and algorithm that were asked for";
  if (cookies.size() != kCookies) return std::to_string(cookies.size()) + " cookies";
  return {};
}

class Session {
 public:
  enum class State { kRunning, kGood, kBad };

  Session(SSL_CTX& context, const Options& options, int epoll)
      : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)},
        connection_{SSL_new(&context), &SSL_free} {
    if (socket_ < 0 || !connection_) throw std::runtime_error{"no socket"};
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&options.server),
                  sizeof options.server) != 0 &&
        errno != EINPROGRESS)
      throw std::runtime_error{std::string{"connect: "} + std::strerror(errno)};
    SSL_set_fd(connection_.get(), socket_);
    SSL_set_connect_state(connection_.get());
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection_.get()), options.address.c_str());
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.ptr = this}};
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, socket_, &event) != 0)
      throw std::runtime_error{"no epoll"};
  }
  ~Session() { ::close(socket_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void advance(std::size_t& cookie_length) {
    ERR_clear_error();
    if (!asked_) {
      const int done = SSL_do_handshake(connection_.get());
      if (done != 1) return after(done);
      asked_ = true;
      if (SSL_write(connection_.get(), kRequest.data(), kRequest.size()) <= 0)
        return fail(last_error("write"));
    }
    std::array<std::uint8_t, 4096> part;
    while (true) {
      const int count = SSL_read(connection_.get(), part.data(), part.size());
      if (count <= 0) return after(count, &cookie_length);
      answer_.insert(answer_.end(), part.begin(), part.begin() + count);
    }
  }

  void fail(std::string fault) {
    fault_ = std::move(fault);
    state_ = State::kBad;
  }

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const std::string& fault() const { return fault_; }
  [[nodiscard]] bool is_late(Clock::time_point now) const { return now - began_ > kPatience; }

 private:
  void after(int result, std::size_t* cookie_length = nullptr) {
    switch (SSL_get_error(connection_.get(), result)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        return;
      case SSL_ERROR_ZERO_RETURN:  // close_notify
        if (cookie_length == nullptr) return fail("closed in the handshake");
        SSL_shutdown(connection_.get());
        fault_ = fault_of(answer_, *cookie_length);
        state_ = fault_.empty() ? State::kGood : State::kBad;
        return;
      default:
        return fail(last_error(asked_ ? "answer" : "handshake"));
    }
  }

  int socket_;
  std::unique_ptr<SSL, decltype(&SSL_free)> connection_;
  Clock::time_point began_ = Clock::now();
  Octets answer_;
  bool asked_ = false;
  State state_ = State::kRunning;
  std::string fault_;
};

class Load {
 public:
  explicit Load(Options options)
      : options_{std::move(options)}, context_{SSL_CTX_new(TLS_client_method()), &SSL_CTX_free} {
    SSL_CTX* const it = context_.get();
    constexpr std::array<unsigned char, 8> kProtocol{7, 'n', 't', 's', 'k', 'e', '/', '1'};
    if (it == nullptr || SSL_CTX_set_min_proto_version(it, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set1_groups_list(it, "X25519:P-256") != 1 ||
        SSL_CTX_set_alpn_protos(it, kProtocol.data(), kProtocol.size()) != 0 ||
        SSL_CTX_load_verify_file(it, options_.authority.c_str()) != 1)
      throw std::runtime_error{last_error("TLS")};
    SSL_CTX_set_verify(it, SSL_VERIFY_PEER, nullptr);
  }
  ~Load() { ::close(epoll_); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Sessions begin until the time is over, and all that began come to an end.
  void run() {
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::duration<double>{options_.seconds};
    while (true) {
      if (Clock::now() < end) {
        while (sessions_.size() < options_.in_flight)
          sessions_.emplace_back(*context_, options_, epoll_);
      }
      if (sessions_.empty()) break;
      poll();
    }
    seconds_ = std::chrono::duration<double>{Clock::now() - begin}.count();
  }

  void report() const {
    std::printf("sessions %zu failed %zu seconds %.3f cookie_octets %zu\n", good_, bad_, seconds_,
                cookie_length_);
    if (bad_ > 0) std::fprintf(stderr, "nts_ke_load: a session failed: %s\n", fault_.c_str());
  }

 private:
  void poll() {
    std::array<epoll_event, 64> events;
    const int count = ::epoll_wait(epoll_, events.data(), events.size(), 1'000);
    for (int i = 0; i < count; ++i)
      static_cast<Session*>(events[static_cast<std::size_t>(i)].data.ptr)->advance(cookie_length_);
    const auto now = Clock::now();
    std::erase_if(sessions_, [&](Session& session) {
      if (session.state() == Session::State::kRunning && session.is_late(now))
        session.fail("no answer in time");
      if (session.state() == Session::State::kRunning) return false;
      const bool good = session.state() == Session::State::kGood;
      ++(good ? good_ : bad_);
      if (!good) fault_ = session.fault();
      return true;
    });
  }

  Options options_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  std::list<Session> sessions_;
  std::size_t cookie_length_ = 0;
  std::size_t good_ = 0;
  std::size_t bad_ = 0;
  double seconds_ = 0;
  std::string fault_;  // of the last bad session
};

template <typename Number>
Number number(std::string_view text) {
  Number result{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error != std::errc{} || end != text.data() + text.size())
    throw std::runtime_error{"not a number: " + std::string{text}};
  return result;
}

Options parse(std::span<char*> arguments) {
  if (arguments.size() != 6)
    throw std::runtime_error{"usage: ADDRESS PORT AUTHORITY SESSIONS_IN_FLIGHT SECONDS"};
  Options options{.address = arguments[1], .authority = arguments[3]};
  options.server.sin_family = AF_INET;
  options.server.sin_port = htons(number<std::uint16_t>(arguments[2]));
  if (::inet_pton(AF_INET, arguments[1], &options.server.sin_addr) != 1)
    throw std::runtime_error{"not an IPv4 address: " + options.address};
  options.in_flight = number<std::size_t>(arguments[4]);
  options.seconds = number<double>(arguments[5]);
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    Load load{parse({arguments, static_cast<std::size_t>(count)})};
    load.run();
    load.report();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "nts_ke_load: %s\n", error.what());
    return 1;
  }
}
