// Reading of the files that hold certificate and key. Control thread.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

namespace pollux::nts {

// The octets of a file, wiped when they go. They never move while they grow: that would leave a
// copy.
class PemText {
 public:
  explicit PemText(std::size_t room) : octets_(room) {}
  PemText(PemText&&) noexcept = default;
  PemText& operator=(PemText&&) = delete;
  PemText(const PemText&) = delete;
  PemText& operator=(const PemText&) = delete;
  ~PemText();

  [[nodiscard]] std::vector<char>& octets() noexcept { return octets_; }
  [[nodiscard]] const std::vector<char>& octets() const noexcept { return octets_; }

 private:
  std::vector<char> octets_;
};

// Whether anybody but the file's owner and group may use it.
enum class Privacy : unsigned char { kPublic, kPrivate };

// Reads a regular file of at most 1 MiB; does not wait for anything else that stands in its place.
// The error is a sentence that names the file.
[[nodiscard]] std::expected<PemText, std::string> read_pem_file(const std::filesystem::path& path,
                                                                Privacy privacy);

}  // namespace pollux::nts
