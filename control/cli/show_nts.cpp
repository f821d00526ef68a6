#include <utility>

#include "control/cli/document.h"
#include "control/cli/render.h"
#include "control/cli/verbs.h"

namespace pollux::cli {
namespace {

using nlohmann::json;

json json_of(const NtsDocuments& documents, bool keys_only) {
  if (!keys_only) return {{"ke", documents.ke}, {"polluxd", documents.polluxd}};
  return {{"ke", node_at(documents.ke, {"keys"})},
          {"polluxd", node_at(documents.polluxd, {"keys"})}};
}

}  // namespace

// Without pollux-ke there is still something to be said of the keys, where polluxd has them from
// another host.
int show_nts(const std::string& verb, const SocketPaths& sockets, OutputFormat format,
             Streams streams) {
  auto ke = fetch_document(sockets.ke_observe);
  const auto polluxd = fetch_document(sockets.observe);
  const bool keys_only = verb == "keys";
  NtsDocuments documents;
  if (ke) documents.ke = std::move(*ke);
  if (polluxd) documents.polluxd = node_at(*polluxd, {"nts"});
  if (!polluxd) documents.polluxd_silence = polluxd.error();
  if (!ke) streams.errors << "polluxctl: " << ke.error() << '\n';
  if (!ke && (!keys_only || list_at(documents.polluxd, {"keys"}).empty())) return kError;
  if (format == OutputFormat::kJson) {
    streams.output
        << json_of(documents, keys_only).dump(2, ' ', false, json::error_handler_t::replace)
        << '\n';
  } else {
    streams.output << (keys_only ? render_nts_keys(documents) : render_nts_status(documents));
  }
  if (!ke) return kError;
  return is_degraded(documents) ? kDegraded : kGood;
}

}  // namespace pollux::cli
