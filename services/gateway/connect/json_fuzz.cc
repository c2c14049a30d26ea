#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/gateway/connect/lines.h"
#include "services/gateway/connect/transcoder.h"
#include "services/gateway/testing/sample.pb.h"

namespace {

using namespace lmsmail::gateway;  // NOLINT: a program of its own

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto& type = *testing::Sample::descriptor();
  if (const auto lines = MessagesOfLines(text, type, 1 << 20); !lines.ok()) {
    Require(lines.status().code() == absl::StatusCode::kInvalidArgument);
    Require(lines.status().message().find("line ") == 0);
  }
  const auto binary = JsonToBinary(text, type);
  if (!binary.ok()) {
    Require(binary.status().code() == absl::StatusCode::kInvalidArgument);
    return 0;
  }
  // What was read is a message, and is the same when it is written and read again.
  testing::Sample sample;
  Require(sample.ParseFromString(*binary));
  const auto json = BinaryToJson(*binary, type);
  Require(json.ok());
  const auto again = JsonToBinary(*json, type);
  Require(again.ok());
  // Maps have no order.
  Require(nlohmann::json::parse(BinaryToJson(*again, type).value()) ==
          nlohmann::json::parse(*json));
  return 0;
}
