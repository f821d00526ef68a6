#include <fmt/format.h>

#include <string>

#include "control/cli/document.h"
#include "control/cli/format.h"
#include "control/cli/render.h"

namespace pollux::cli {
namespace {

using nlohmann::json;

std::string current_id(const json& keys_holder) {
  const json* key = nts_key(list_at(keys_holder, {"keys"}), "current");
  return key == nullptr ? "-" : text_at(*key, {"id"});
}

bool takes_part(const json& polluxd) { return flag_at(polluxd, {"enabled"}).value_or(false); }

std::string certificate_part(const json& ke) {
  const auto days = number_text(ke, {"certificate", "days_left"},
                                [](double left) { return fmt::format("{:.0f}", left); });
  return labelled("Certificate", text_at(ke, {"certificate", "subject"})) +
         labelled("Names", joined_at(ke, {"certificate", "names"})) +
         labelled("Good until",
                  fmt::format("{}, {} days left",
                              utc_text(text_at(ke, {"certificate", "not_after"})), days)) +
         labelled("File", text_at(ke, {"certificate", "file"}));
}

std::string sessions_part(const json& ke) {
  const auto count = [&ke](const char* name) { return count_text(ke, {"sessions", name}); };
  return labelled("Sessions", fmt::format("{} accepted, {} established, {} cookies given, {} open",
                                          count("accepted"), count("established"), count("cookies"),
                                          count_text(ke, {"open_sessions"}))) +
         labelled("Turned away", fmt::format("{} too many of an address, {} too many open, {} gave "
                                             "way to newer ones",
                                             count("refused_admission"),
                                             count("refused_connections"), count("displaced"))) +
         labelled("Failed",
                  fmt::format("{} too slow, {} TLS, {} bad requests, {} without an algorithm in "
                              "common",
                              count("timeouts"), count("tls_failures"), count("bad_requests"),
                              count("no_common_aead")));
}

// Who rotates the keys in the file, and when.
std::string rotation_text(const json& ke) {
  if (flag_at(ke, {"rotation", "owner"}) == false) return "rotated by another program";
  return fmt::format("rotated every {}, next in {}", text_at(ke, {"rotation", "rotate"}),
                     number_text(ke, {"rotation", "next_in_s"}, duration_text));
}

std::string keys_part(const json& ke) {
  return labelled("Current key",
                  fmt::format("{}, for {}", current_id(ke),
                              number_text(ke, {"rotation", "age_s"}, duration_text))) +
         labelled("Key file",
                  fmt::format("{}, {}", text_at(ke, {"rotation", "file"}), rotation_text(ke)));
}

std::string polluxd_text(const NtsDocuments& documents) {
  const json& polluxd = documents.polluxd;
  if (!documents.polluxd_silence.empty()) return documents.polluxd_silence;
  if (!takes_part(polluxd)) return "takes no part in NTS (nts.enabled)";
  const std::string id = current_id(polluxd);
  if (id == "-") return "HAS NO KEYS";
  return fmt::format("{}, loaded {}",
                     id == current_id(documents.ke) ? "has the same current key"
                                                    : "HAS ANOTHER CURRENT KEY, " + id,
                     utc_text(text_at(polluxd, {"loaded"})));
}

std::string warnings_part(const NtsDocuments& documents) {
  std::string text;
  for (const json& warning : list_at(documents.ke, {"warnings"}))
    text += fmt::format("  {}\n", text_at(warning, {}));
  if (const std::string trouble = text_at(documents.polluxd, {"trouble"}); trouble != "-")
    text += fmt::format("  polluxd: {}\n", trouble);
  return text.empty() ? "" : "\nWarnings\n" + text;
}

std::string use_in(const json& keys_holder, const std::string& id) {
  for (const json& key : list_at(keys_holder, {"keys"})) {
    if (text_at(key, {"id"}) == id) return text_at(key, {"use"});
  }
  return "-";
}

}  // namespace

std::string render_nts_status(const NtsDocuments& documents) {
  const json& ke = documents.ke;
  return fmt::format("pollux-ke {}, pid {}, up {}\n\n", text_at(ke, {"version"}),
                     text_at(ke, {"pid"}), number_text(ke, {"uptime_s"}, duration_text)) +
         labelled("State", text_at(ke, {"state"})) + labelled("", text_at(ke, {"status"})) +
         certificate_part(ke) + '\n' + sessions_part(ke) + '\n' + keys_part(ke) +
         labelled("polluxd", polluxd_text(documents)) + warnings_part(documents);
}

// The keys of both in the order of a key file, each once.
std::string render_nts_keys(const NtsDocuments& documents) {
  Table table({{"Key"}, {"pollux-ke"}, {"polluxd"}, {"Age", Align::kRight}});
  const auto add = [&](const json& key) {
    const std::string id = text_at(key, {"id"});
    table.add({id, use_in(documents.ke, id), use_in(documents.polluxd, id),
               number_text(key, {"age_s"}, duration_text)});
  };
  for (const json& key : list_at(documents.ke, {"keys"})) add(key);
  for (const json& key : list_at(documents.polluxd, {"keys"})) {
    if (use_in(documents.ke, text_at(key, {"id"})) == "-") add(key);
  }
  return table.text();
}

bool is_degraded(const NtsDocuments& documents) {
  if (text_at(documents.ke, {"state"}) != "serving") return true;
  if (!takes_part(documents.polluxd)) return false;
  return text_at(documents.polluxd, {"trouble"}) != "-" || current_id(documents.ke) == "-" ||
         current_id(documents.polluxd) != current_id(documents.ke);
}

}  // namespace pollux::cli
