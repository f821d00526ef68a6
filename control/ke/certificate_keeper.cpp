#include "control/ke/certificate_keeper.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <stdexcept>
#include <utility>

#include "control/service/log.h"

namespace pollux::ke {

namespace {

using control::log_info;
using control::log_warning;

std::chrono::sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

// Differs when a file is another one than before, or was written to.
std::string identity_of(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return "none";
  return fmt::format("{} {} {} {}.{} {}.{}", status.st_dev, status.st_ino, status.st_size,
                     status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                     status.st_ctim.tv_nsec);
}

std::string identity_of(const nts::CertificateFiles& files) {
  return identity_of(files.chain) + ", " + identity_of(files.private_key);
}

}  // namespace

CertificateKeeper::CertificateKeeper(control::EventLoop& loop, nts::CertificateFiles files,
                                     OnCertificate on_certificate, Pace pace)
    : loop_{loop},
      files_{std::move(files)},
      pace_{pace},
      directories_{loop, [this] { look_soon(); }} {
  watch();
  auto loaded = load(files_);
  if (!loaded) throw std::runtime_error(loaded.error());
  use(std::move(*loaded));
  on_certificate_ = std::move(on_certificate);
  timer_ = loop_.call_every(pace_.interval, [this] {
    watch();
    look();
  });
}

CertificateKeeper::~CertificateKeeper() {
  loop_.cancel(timer_);
  loop_.cancel(soon_);
}

std::expected<CertificateKeeper::Candidate, std::string> CertificateKeeper::load(
    const nts::CertificateFiles& files) const {
  std::string identity = identity_of(files);
  auto loaded = nts::Certificate::load(files);
  if (!loaded) return std::unexpected{std::move(loaded.error())};
  auto trouble = (*loaded)->date_trouble(now());
  if (trouble && certificate_ && !certificate_->date_trouble(now()))
    return std::unexpected{std::move(*trouble)};
  return Candidate{.certificate = std::move(*loaded), .identity = std::move(identity)};
}

void CertificateKeeper::use(Candidate candidate) {
  certificate_ = std::move(candidate.certificate);
  seen_ = std::move(candidate.identity);
  files_ = certificate_->files();
  trouble_.reset();
  watch();
  const auto& facts = certificate_->facts();
  log_info("certificate {} is in force; days that it is still good: {}", facts.subject,
           std::chrono::floor<std::chrono::days>(facts.not_after - now()).count());
  if (on_certificate_) on_certificate_(certificate_);
}

void CertificateKeeper::watch() {
  directories_.watch({files_.chain.parent_path(), files_.private_key.parent_path()});
}

// Not put off by what happens meanwhile: the directory may be a busy one.
void CertificateKeeper::look_soon() {
  if (soon_ != 0) return;
  soon_ = loop_.call_at(control::EventLoop::Clock::now() + pace_.settling, [this] {
    soon_ = 0;
    look();
  });
}

// What was refused is looked at again even if it is the same: its time may have come.
void CertificateKeeper::look() {
  const std::string identity = identity_of(files_);
  if (identity == seen_ && !trouble_) return;
  seen_ = identity;
  auto loaded = load(files_);
  if (loaded) {
    use(std::move(*loaded));
  } else if (trouble_ != loaded.error()) {
    trouble_ = loaded.error();
    log_warning("{}; the certificate that was read before stays in force", *trouble_);
  }
}

}  // namespace pollux::ke
