// The certificate in force, and its files: read again when they change or when somebody says so.
// What is not fit to be used changes nothing. Control thread; the loop outlives it.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "control/ke/directory_watch.h"
#include "control/service/event_loop.h"
#include "nts/ke/certificate.h"

namespace pollux::ke {

class CertificateKeeper {
 public:
  using Pointer = std::shared_ptr<const nts::Certificate>;
  using OnCertificate = std::function<void(const Pointer& certificate)>;

  struct Pace {
    // Chain and key are written one after the other: time for that.
    std::chrono::milliseconds settling{1000};
    // Between looks at the files without a hint.
    std::chrono::milliseconds interval{60'000};
  };

  // Throws std::runtime_error with a sentence where the files cannot be used. One that is out of
  // date is used: the clock of this host may not have been set yet. `on_certificate` is for those
  // that come later.
  CertificateKeeper(control::EventLoop& loop, nts::CertificateFiles files,
                    OnCertificate on_certificate, Pace pace);
  CertificateKeeper(control::EventLoop& loop, nts::CertificateFiles files,
                    OnCertificate on_certificate)
      : CertificateKeeper(loop, std::move(files), std::move(on_certificate), Pace{}) {}
  ~CertificateKeeper();
  CertificateKeeper(const CertificateKeeper&) = delete;
  CertificateKeeper& operator=(const CertificateKeeper&) = delete;

  [[nodiscard]] const Pointer& certificate() const { return certificate_; }
  // Why what is in the files is not in force; none: it is.
  [[nodiscard]] const std::optional<std::string>& trouble() const { return trouble_; }

  // A certificate that may take the place of the one in force.
  struct Candidate {
    Pointer certificate;
    std::string identity;  // of the files, before they were read
  };

  // What these files hold, where it is usable, and in date where the one in force is. Changes
  // nothing. The error is a sentence.
  [[nodiscard]] std::expected<Candidate, std::string> load(
      const nts::CertificateFiles& files) const;

  // Puts it in force; its files are followed from now on.
  void use(Candidate candidate);

 private:
  void watch();
  void look_soon();
  void look();

  control::EventLoop& loop_;
  nts::CertificateFiles files_;
  OnCertificate on_certificate_;
  Pace pace_;
  DirectoryWatch directories_;
  Pointer certificate_;
  std::string seen_;  // identity of the files that were read last
  std::optional<std::string> trouble_;
  control::EventLoop::TimerId soon_ = 0;
  control::EventLoop::TimerId timer_ = 0;
};

}  // namespace pollux::ke
