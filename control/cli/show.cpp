#include <algorithm>
#include <array>
#include <string_view>

#include "control/cli/document.h"
#include "control/cli/render.h"
#include "control/cli/verbs.h"

namespace pollux::cli {
namespace {

struct View {
  std::string_view verb;
  std::string (*render)(const nlohmann::json& document);
  const char* part;  // of the document, for JSON; null: the whole
};

constexpr std::array<View, 6> kViews = {{
    {"status", render_status, nullptr},
    {"tracking", render_tracking, "clock"},
    {"sources", render_sources, "clock"},
    {"serverstats", render_serverstats, "serverstats"},
    {"workers", render_workers, "workers"},
    {"ports", render_ports, "ports"},
}};

std::string json_text(const nlohmann::json& document, const View& view) {
  const nlohmann::json& part = view.part == nullptr ? document : node_at(document, {view.part});
  return part.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace

int show(const std::string& verb, const SocketPaths& sockets, OutputFormat format,
         Streams streams) {
  const auto document = fetch_document(sockets.observe);
  if (!document) {
    streams.errors << "polluxctl: " << document.error() << '\n';
    return kError;
  }
  const auto view = std::ranges::find(kViews, verb, &View::verb);
  streams.output << (format == OutputFormat::kJson ? json_text(*document, *view)
                                                   : view->render(*document));
  return is_degraded(*document) ? kDegraded : kGood;
}

}  // namespace pollux::cli
