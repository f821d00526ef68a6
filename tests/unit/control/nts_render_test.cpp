// The screens of polluxctl nts.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "control/cli/render.h"
#include "tests/unit/control/sample_document.h"
#include "tests/unit/control/sample_ke_document.h"

namespace pollux::cli {
namespace {

using nlohmann::json;

// A newline goes before the text.
constexpr const char* kStatusScreen = R"(
pollux-ke 0.1.0, pid 4321, up 1 d 2 h 3 min

State         serving
              serving; certificate good for 60 more days, key 9E919B6F
Certificate   CN=time.example
Names         time.example, 192.0.2.1
Good until    2027-01-21 07:11:26 UTC, 60 days left
File          /etc/pollux/chain.pem

Sessions      1,234 accepted, 1,200 established, 9,600 cookies given, 3 open
Turned away   11 too many of an address, 2 too many open, 3 gave way to newer ones
Failed        4 too slow, 5 TLS, 6 bad requests, 7 without an algorithm in common

Current key   9E919B6E, for 2 h 0 min
Key file      /var/lib/pollux/ntskeys, rotated every 7d, next in 6 d 21 h 59 min
polluxd       has the same current key, loaded 2026-11-22 10:00:00 UTC
)";

constexpr const char* kKeysScreen = R"(
Key       pollux-ke  polluxd        Age
227E8DAC  old        old              -
3428122D  old        old              -
9E919B6E  current    current  2 h 0 min
0DED27DF  next       next             -
)";

NtsDocuments sample_documents() {
  return {.ke = sample_ke_document(), .polluxd = sample_document()["nts"], .polluxd_silence = ""};
}

std::string line_of(const std::string& text, std::string_view label) {
  const std::size_t at = text.find("\n" + std::string{label}) + 1;
  return at == 0 ? "" : text.substr(at, text.find('\n', at) - at);
}

TEST(NtsRender, Status) { EXPECT_EQ(render_nts_status(sample_documents()), kStatusScreen + 1); }

TEST(NtsRender, Keys) { EXPECT_EQ(render_nts_keys(sample_documents()), kKeysScreen + 1); }

TEST(NtsRender, WhatPolluxdHas) {
  NtsDocuments documents = sample_documents();
  const auto polluxd = [&documents] { return line_of(render_nts_status(documents), "polluxd"); };
  documents.polluxd["keys"][2]["id"] = "3428122D";
  EXPECT_EQ(polluxd(),
            "polluxd       HAS ANOTHER CURRENT KEY, 3428122D, loaded 2026-11-22 10:00:00 UTC");
  documents.polluxd["keys"] = json::array();
  EXPECT_EQ(polluxd(), "polluxd       HAS NO KEYS");
  documents.polluxd["enabled"] = false;
  EXPECT_EQ(polluxd(), "polluxd       takes no part in NTS (nts.enabled)");
  documents.polluxd = nullptr;
  EXPECT_EQ(polluxd(), "polluxd       takes no part in NTS (nts.enabled)");
  documents.polluxd_silence = "no socket";
  EXPECT_EQ(polluxd(), "polluxd       no socket");
}

TEST(NtsRender, FileOfAnotherOwner) {
  NtsDocuments documents = sample_documents();
  documents.ke["rotation"] = json::parse(
      R"({"rotate":"never","age_s":60,"next_in_s":null,"owner":false,"file":"/k","trouble":null})");
  EXPECT_EQ(line_of(render_nts_status(documents), "Key file"),
            "Key file      /k, rotated by another program");
}

TEST(NtsRender, WarningsOfBoth) {
  NtsDocuments documents = sample_documents();
  documents.ke["warnings"] = {"one", "two"};
  documents.polluxd["trouble"] = "/k: does not exist";
  EXPECT_TRUE(render_nts_status(documents).ends_with(
      "\nWarnings\n  one\n  two\n  polluxd: /k: does not exist\n"));
}

TEST(NtsRender, KeysOfBothEachOnce) {
  NtsDocuments documents = sample_documents();
  documents.ke["keys"].erase(0);
  documents.ke["keys"].push_back({{"id", "00000000"}, {"use", "next"}, {"age_s", nullptr}});
  documents.ke["keys"][1]["use"] = "old";
  documents.ke["keys"][2]["use"] = "current";
  EXPECT_EQ(render_nts_keys(documents), &R"(
Key       pollux-ke  polluxd        Age
3428122D  old        old              -
9E919B6E  old        current  2 h 0 min
0DED27DF  current    next             -
00000000  next       -                -
227E8DAC  -          old              -
)"[1]);
}

TEST(NtsRender, Degraded) {
  EXPECT_FALSE(is_degraded(sample_documents()));
  NtsDocuments documents = sample_documents();
  documents.ke["state"] = "degraded";
  EXPECT_TRUE(is_degraded(documents));
  documents = sample_documents();
  documents.polluxd["trouble"] = "/k: does not exist";
  EXPECT_TRUE(is_degraded(documents));
  documents = sample_documents();
  documents.polluxd["keys"][2]["id"] = "3428122D";
  EXPECT_TRUE(is_degraded(documents));
  documents = sample_documents();
  documents.polluxd["keys"] = json::array();
  EXPECT_TRUE(is_degraded(documents));
  documents.polluxd["enabled"] = false;
  EXPECT_FALSE(is_degraded(documents));
  documents.polluxd = nullptr;
  EXPECT_FALSE(is_degraded(documents));
  EXPECT_TRUE(is_degraded(NtsDocuments{}));
}

void collect(const json& node, const json::json_pointer& at,
             std::vector<json::json_pointer>& pointers) {
  pointers.push_back(at);
  for (const auto& [key, value] : node.items()) {
    if (node.is_structured()) {
      collect(value, node.is_array() ? at / std::stoul(key) : at / key, pointers);
    }
  }
}

// Whatever node of either document is of another type, nothing throws.
TEST(NtsRender, EveryNodeReplaced) {
  const std::array<json, 8> others = {json(nullptr),  json(true),        json(-1),
                                      json(1e300),    json("\x1b[2J\n"), json::array({1, "x"}),
                                      json{{"a", 1}}, json(UINT64_MAX)};
  for (const auto member : {&NtsDocuments::ke, &NtsDocuments::polluxd}) {
    std::vector<json::json_pointer> pointers;
    collect(sample_documents().*member, json::json_pointer(), pointers);
    for (const auto& pointer : pointers) {
      for (const json& other : others) {
        NtsDocuments documents = sample_documents();
        (documents.*member)[pointer] = other;
        const std::string text = render_nts_status(documents) + render_nts_keys(documents);
        EXPECT_EQ(text.find('\x1b'), std::string::npos) << pointer;
        static_cast<void>(is_degraded(documents));
      }
    }
  }
}

}  // namespace
}  // namespace pollux::cli
