#pragma once

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <string>

namespace lmsmail::render {

// For tests, which read better with contexts in JSON.
inline google::protobuf::Struct ContextFromJson(const std::string& json) {
  google::protobuf::Struct context;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &context);
  EXPECT_TRUE(status.ok()) << status.ToString() << " in " << json;
  return context;
}

}  // namespace lmsmail::render
