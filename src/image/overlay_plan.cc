#include <algorithm>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "src/image/base_store.h"
#include "src/image/contents.h"
#include "src/image/overlay_check.h"

namespace kip::image {
namespace {

using Kind = OverlayFile::Kind;

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return path.substr(0, slash == path.npos ? 0 : slash);
}

// Files of one path but for a compression's suffix are one module.
std::string stem_of(const std::string& path) {
  const std::size_t suffix = path.rfind(".ko");
  return suffix == path.npos ? path : path.substr(0, suffix);
}

bool is_plain(const std::string& path) {
  if (path.empty() || path.starts_with('/') || path.ends_with('/')) return false;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = std::string_view(path).substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

class Planner {
 public:
  Planner(const BaseModules& base, const std::string& kernel, const std::string& host,
          const std::string& scratch)
      : base_(base), host_(host), scratch_(scratch) {
    plan_.manifest.kernel = kernel;
    plan_.tail = base.tail;
    for (const auto& [path, digest] : base.files) {
      if (module_of(path)) union_.insert(path);
    }
  }

  Result<OverlayPlan> run(std::vector<OverlayFile> files, const std::string& search) {
    std::stable_sort(files.begin(), files.end(), [](const OverlayFile& a, const OverlayFile& b) {
      return std::tie(a.kind, a.path) < std::tie(b.kind, b.path);
    });
    for (const OverlayFile& file : files) {
      if (!is_plain(file.path)) return fail(Errc::kInvalid, quote(file.path) + " is no path here");
    }
    auto looked = TRY(look_at(files));
    for (std::size_t i = 0; i < files.size(); ++i) TRY(add(files[i], std::move(looked[i])));
    TRY(make_indexes(scratch_, plan_.manifest.kernel, host_, search));
    TRY(check());
    TRY(add_indexes());
    finish();
    return std::move(plan_);
  }

 private:
  std::string modules() const { return scratch_ + "/lib/modules/" + plan_.manifest.kernel + "/"; }

  Status add(const OverlayFile& file, LookedAt looked) {
    if (!seen_.emplace(file.kind, file.path).second) return {};
    switch (file.kind) {
      case Kind::kModule:
        return add_module(file, std::move(looked));
      case Kind::kFirmware:
        plan_.manifest.firmware.push_back({file.path, looked.digest, file.reason});
        add_file(base_.firmware + "/" + file.path, absolute(file.source), "", looked.size);
        return {};
      case Kind::kConfig:
        plan_.manifest.config.push_back({file.path, looked.digest, file.reason});
        add_file(file.path, "", file.content, looked.size);
        return {};
    }
    return {};
  }

  Status add_module(const OverlayFile& file, LookedAt looked) {
    const auto in_base = base_.files.find(file.path);
    const bool same = in_base != base_.files.end() && in_base->second == looked.digest;
    if (!same) TRY(put_aside(file));
    if (!same) add_file(base_.directory + "/" + file.path, absolute(file.source), "", looked.size);
    if (!looked.unread.empty())
      remark(Severity::kWarning, kRuleUnread, file.path, looked.unread, "");
    plan_.manifest.modules.push_back({module_of(file.path).value_or(file.path), file.path,
                                      looked.version, looked.srcversion, looked.digest, file.reason,
                                      same});
    looked_.emplace(file.path, std::move(looked));
    return {};
  }

  // In place of what the base has of that module: that is not to be in the indexes.
  Status put_aside(const OverlayFile& file) {
    for (const char* const suffix : {".ko", ".ko.gz", ".ko.xz", ".ko.zst"}) {
      const std::string twin = stem_of(file.path) + suffix;
      if (union_.erase(twin) == 0) continue;
      if (::unlink((modules() + twin).c_str()) != 0) return fail_errno(quote(twin));
      remark(Severity::kWarning, kRuleStale, twin,
             "the base has other bytes of it; the overlay's are loaded",
             "run the generator again, so that the base has what is installed");
    }
    union_.insert(file.path);
    TRY(make_parents(modules() + file.path));
    if (::symlink(absolute(file.source).c_str(), (modules() + file.path).c_str()) != 0)
      return fail_errno(quote(file.path));
    return {};
  }

  Status check() {
    const Index index = TRY(read_index(modules()));
    for (const auto& [path, looked] : looked_) {
      if (auto finding = check_resolves(index, path, looked))
        plan_.findings.push_back(std::move(*finding));
    }
    return {};
  }

  Status add_indexes() {
    for (const char* const name : kDepmodWrites) TRY(add_index(name, modules() + name));
    for (const char* const name : kDepmodReads) {
      if (!base_.paths.contains(base_.directory + "/" + name))
        TRY(add_index(name, absolute(host_) + "/" + name));
    }
    return {};
  }

  // If it was made, or is there.
  Status add_index(const char* name, const std::string& source) {
    struct stat status;
    if (::stat(source.c_str(), &status) != 0) {
      if (errno == ENOENT) return {};
      return fail_errno(quote(source));
    }
    add_file(base_.directory + "/" + name, source, "", static_cast<std::uint64_t>(status.st_size));
    return {};
  }

  void add_file(const std::string& name, const std::string& source, const std::string& content,
                std::uint64_t size) {
    // Written over, a file would change under all its names, and a link would lead elsewhere.
    if (base_.paths.contains(name))
      links_.push_back({name, "", std::string(name.substr(name.rfind('/') + 1)), 0120777, 0});
    files_.push_back({name, source, content, 0100644, size});
    for (std::string path = parent_of(name); !path.empty(); path = parent_of(path)) {
      if (!base_.paths.contains(path)) directories_.insert(path);
    }
  }

  // Sorted; of one name the link first. A parent's name is shorter, and so in front.
  void finish() {
    if (base_.lib == LibKind::kNone) links_.push_back({"lib", "", "usr/lib", 0120777, 0});
    std::vector<OverlayMember>& all = plan_.members;
    for (const std::string& path : directories_) all.push_back({path, "", "", 0040755, 0});
    all.insert(all.end(), links_.begin(), links_.end());
    all.insert(all.end(), files_.begin(), files_.end());
    std::stable_sort(all.begin(), all.end(), [](const OverlayMember& a, const OverlayMember& b) {
      return a.name < b.name;
    });
    std::stable_sort(plan_.findings.begin(), plan_.findings.end(),
                     [](const Finding& a, const Finding& b) { return a.place < b.place; });
  }

  void remark(Severity severity, const char* rule, const std::string& place, std::string text,
              std::string remedy) {
    plan_.findings.push_back({severity, rule, place, {}, std::move(text), std::move(remedy)});
  }

  const BaseModules& base_;
  const std::string& host_;
  const std::string& scratch_;
  OverlayPlan plan_;
  std::set<std::pair<Kind, std::string>> seen_;
  std::set<std::string> union_;             // modules of base and overlay, by path
  std::map<std::string, LookedAt> looked_;  // modules that are wanted
  std::set<std::string> directories_;
  std::vector<OverlayMember> links_, files_;
};

}  // namespace

Result<OverlayPlan> plan_overlay(const BaseModules& base, const std::vector<OverlayFile>& files,
                                 const std::string& kernel, const std::string& host_modules,
                                 const std::string& search, const std::string& scratch) {
  if (!base.sealed.empty())
    return fail(Errc::kUnsupported, "the base keeps its root in " + quote(base.sealed) +
                                        ", where no overlay can add to it");
  return Planner(base, kernel, host_modules, scratch).run(files, search);
}

}  // namespace kip::image
