#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libs/smtp/reply_parser.h"

// libFuzzer entry. The first byte determines how the rest is split; splitting must never change the
// result.
namespace {

using lmsmail::smtp::ReplyParser;

std::string Trace(std::string_view wire, size_t chunk) {
  ReplyParser parser;
  std::string trace;
  while (!wire.empty()) {
    std::string_view piece = wire.substr(0, chunk);
    wire.remove_prefix(piece.size());
    while (!piece.empty()) {
      switch (parser.Consume(piece)) {
        case ReplyParser::State::kMalformed:
          return trace + "!";
        case ReplyParser::State::kReply:
          trace += std::to_string(parser.reply().code) + parser.reply().text + "|";
          break;
        case ReplyParser::State::kNeedsMore:
          break;
      }
    }
  }
  return trace;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (Trace(wire, size) != Trace(wire, 1u + data[0])) std::abort();
  lmsmail::smtp::EnhancedCodeOf({550, std::string(wire)});
  return 0;
}
