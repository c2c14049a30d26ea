#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <exception>

#include "libs/config/sources.h"

namespace lmsmail::config::internal {
namespace {

class YamlReader {
 public:
  YamlReader(const std::string& path, std::vector<RawValue>& values, Violations& errors)
      : path_(path), values_(values), errors_(errors) {}

  void ReadMap(const YAML::Node& map, const std::string& prefix) {
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) {
        errors_.Add(prefix.empty() ? path_ : prefix,
                    fmt::format("{}: a key is not plain text", Source(entry.first)));
        continue;
      }
      const std::string& name = entry.first.Scalar();
      Read(entry.second, prefix.empty() ? name : fmt::format("{}.{}", prefix, name),
           Source(entry.first));
    }
  }

 private:
  std::string Source(const YAML::Node& node) const {
    return fmt::format("file {}:{}", path_, node.Mark().line + 1);
  }

  void Read(const YAML::Node& node, const std::string& key, const std::string& source) {
    RawValue raw{.key = key, .origin = RawValue::Origin::kFile, .source = source};
    if (node.IsMap() && node.size() > 0) return ReadMap(node, key);
    if (node.IsScalar()) {
      raw.text = node.Scalar();
    } else if (node.IsSequence()) {
      raw.kind = RawValue::Kind::kList;
      for (const YAML::Node& item : node) {
        if (!item.IsScalar()) {
          errors_.Add(key, fmt::format("{}: an item is not plain text", Source(item)));
          return;
        }
        raw.items.push_back(item.Scalar());
      }
    } else {
      raw.kind = RawValue::Kind::kNull;
    }
    values_.push_back(std::move(raw));
  }

  const std::string& path_;
  std::vector<RawValue>& values_;
  Violations& errors_;
};

}  // namespace

bool ReadYaml(const std::string& path, const std::string& content, std::vector<RawValue>& values,
              Violations& errors) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(content);
    if (documents.empty() || documents[0].IsNull()) return true;
    if (documents.size() > 1 || !documents[0].IsMap()) {
      errors.Add("config", fmt::format("file {}: write one YAML document, a map of keys", path));
      return false;
    }
    YamlReader(path, values, errors).ReadMap(documents[0], "");
    return true;
  } catch (const YAML::Exception& error) {
    errors.Add("config",
               fmt::format("file {}:{}: not YAML: {}", path, error.mark.line + 1, error.msg));
    return false;
  }
}

}  // namespace lmsmail::config::internal
