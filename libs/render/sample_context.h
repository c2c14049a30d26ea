#pragma once

#include <google/protobuf/struct.pb.h>

#include "libs/render/declared.h"

namespace lmsmail::render {

// A context made of the declared samples, for previews without one. Lists have two items. A
// variable without a sample stands for itself: "[user.first_name]", 1, true, https://example.com/.
google::protobuf::Struct SampleContext(const Declared& root);

}  // namespace lmsmail::render
