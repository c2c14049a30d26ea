#pragma once

#include "libs/etag/etag.h"

// Gone when all services use etag::.
namespace lmsmail::rpc {

inline std::string EtagOf(std::string_view content) { return etag::Make(content); }
inline absl::Status CheckEtag(std::string_view given, std::string_view current,
                              std::string_view what) {
  return etag::Check(given, current, what);
}

}  // namespace lmsmail::rpc
