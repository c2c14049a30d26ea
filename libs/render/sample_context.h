#pragma once

#include <google/protobuf/struct.pb.h>

#include "libs/render/schema.h"

namespace lmsmail::render {

// A context made of the declared samples, for previews without one. Lists have two items. A
// variable without a sample stands for itself: "[user.first_name]", 1, true, https://example.com/.
google::protobuf::Struct SampleContext(const Schema& root);

}  // namespace lmsmail::render
