#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <exception>

#include "libs/config/sources.h"

namespace lmsmail::config::internal {
namespace {

class YamlReader {
 public:
  YamlReader(const std::string& path, std::vector<Given>& givens, Violations& faults)
      : path_(path), givens_(givens), faults_(faults) {}

  void ReadMap(const YAML::Node& map, const std::string& prefix) {
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) {
        faults_.Add(prefix.empty() ? path_ : prefix,
                    fmt::format("{}: a key is not plain text", Source(entry.first)));
        continue;
      }
      const std::string& name = entry.first.Scalar();
      Read(entry.second, prefix.empty() ? name : prefix + "." + name, Source(entry.first));
    }
  }

 private:
  std::string Source(const YAML::Node& node) const {
    return fmt::format("file {}:{}", path_, node.Mark().line + 1);
  }

  void Read(const YAML::Node& node, const std::string& key, const std::string& source) {
    Given given{.key = key, .origin = Given::Origin::kFile, .source = source};
    if (node.IsMap() && node.size() > 0) return ReadMap(node, key);
    if (node.IsScalar()) {
      given.text = node.Scalar();
    } else if (node.IsSequence()) {
      given.kind = Given::Kind::kItems;
      for (const YAML::Node& item : node) {
        if (!item.IsScalar()) {
          faults_.Add(key, fmt::format("{}: an item is not plain text", Source(item)));
          return;
        }
        given.items.push_back(item.Scalar());
      }
    } else {
      given.kind = Given::Kind::kNothing;
    }
    givens_.push_back(std::move(given));
  }

  const std::string& path_;
  std::vector<Given>& givens_;
  Violations& faults_;
};

}  // namespace

bool ReadYaml(const std::string& path, const std::string& content, std::vector<Given>& givens,
              Violations& faults) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(content);
    if (documents.empty() || documents[0].IsNull()) return true;
    if (documents.size() > 1 || !documents[0].IsMap()) {
      faults.Add("config", fmt::format("file {}: write one YAML document, a map of keys", path));
      return false;
    }
    YamlReader(path, givens, faults).ReadMap(documents[0], "");
    return true;
  } catch (const YAML::Exception& error) {
    faults.Add("config",
               fmt::format("file {}:{}: not YAML: {}", path, error.mark.line + 1, error.msg));
    return false;
  }
}

}  // namespace lmsmail::config::internal
