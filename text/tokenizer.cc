#include "text/tokenizer.h"

#include <algorithm>
#include <mutex>

#include "base/utf8.h"

namespace shoal::text {

namespace {

constexpr std::size_t idle_max = 16;  // threads that tokenize at once, usually

}  // namespace

// What one call of encode() writes.
struct Tokenizer::Work {
  PreTokenizer::Scratch expressions;
  Bpe::Scratch merges;
  std::vector<TokenId>* out = nullptr;
  std::size_t size_max = all;  // of `out`; nothing is read once it has more

  bool is_full() const { return out->size() > size_max; }
};

// Work that is kept from one call to the next, with the pieces that it remembers. Any thread.
class Tokenizer::WorkPool {
public:
  explicit WorkPool(const PreTokenizer& expressions) : expressions_(expressions) {}

  std::unique_ptr<Work> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<Work>(Work{.expressions = expressions_.make_scratch(), .merges = {}});
    std::unique_ptr<Work> work = std::move(idle_.back());
    idle_.pop_back();
    return work;
  }

  void give_back(std::unique_ptr<Work> work) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < idle_max) idle_.push_back(std::move(work));
  }

private:
  const PreTokenizer& expressions_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Work>> idle_;
};

Result<std::shared_ptr<const Tokenizer>> Tokenizer::load(const std::filesystem::path& directory) {
  auto files = read_tokenizer_files(directory);
  SHOAL_TRY(files);
  return std::shared_ptr<const Tokenizer>(new Tokenizer(std::move(*files), false));
}

std::shared_ptr<const Tokenizer> Tokenizer::bytes_tokenizer() {
  constexpr TokenId end = 256;
  TokenizerFiles files;
  for (TokenId byte = 0; byte < end; ++byte) {
    files.tokens.push_back(std::string(1, static_cast<char>(byte)));
    files.ordinary.push_back(byte);
  }
  files.tokens.push_back("<end>");
  files.added.push_back({.id = end, .content = "<end>", .special = true});
  files.eos.push_back(end);
  files.digest = "62797465732062797465732062797465";  // "bytes bytes byte", so that it is recognised in a log
  return std::shared_ptr<const Tokenizer>(new Tokenizer(std::move(files), true));
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::open(const std::string& model) {
  if (model == "bytes") return bytes_tokenizer();
  return load(model);
}

Tokenizer::Tokenizer(TokenizerFiles files, bool is_bytes)
    : files_(std::move(files)),
      is_bytes_(is_bytes),
      flags_(files_.tokens.size()),
      bpe_(files_.tokens, files_.ordinary, files_.merges, files_.ignores_merges),
      pool_(std::make_unique<WorkPool>(files_.pre_tokenizer)) {
  for (const AddedToken& token : files_.added) {
    if (token.special) flags_[token.id] |= special_flag;
    if (text::is_control(token)) flags_[token.id] |= control_flag;
  }
  for (const std::string& token : files_.tokens) longest_bytes_ = std::max(longest_bytes_, token.size());
  make_markers();
}

Tokenizer::~Tokenizer() = default;

void Tokenizer::make_markers() {
  std::vector<AddedToken> raw;
  std::vector<AddedToken> normalized;
  for (AddedToken token : files_.added) {
    if (!token.normalized) {
      raw.push_back(std::move(token));
      continue;
    }
    if (files_.normalizer == Normalizer::nfc) token.content = to_nfc(token.content);
    normalized.push_back(std::move(token));
  }
  raw_markers_ = AddedTokens(raw);
  normalized_markers_ = AddedTokens(normalized);
}

Result<std::vector<TokenId>> Tokenizer::encode(std::string_view text, Parse parse) const {
  std::vector<TokenId> ids;
  SHOAL_TRY(encode(text, parse, ids));
  return ids;
}

Result<void> Tokenizer::encode(std::string_view text, Parse parse, std::vector<TokenId>& out,
                               std::size_t ids_max) const {
  return encode(PromptText(text, parse), out, ids_max);
}

Result<void> Tokenizer::encode(const PromptText& text, std::vector<TokenId>& out, std::size_t ids_max) const {
  if (const std::size_t valid = valid_utf8_bytes(text.bytes()); valid < text.size()) {
    return Error{Code::invalid_request, "the text is not UTF-8 at byte " + std::to_string(valid)};
  }
  std::unique_ptr<Work> work = pool_->take();
  work->out = &out;
  work->size_max = ids_max > all - out.size() ? all : out.size() + ids_max;
  const std::size_t enough = enough_bytes(text.bytes(), ids_max);
  auto encoded = enough < text.size() ? encode_all(text.part(0, enough), *work) : encode_all(text, *work);
  pool_->give_back(std::move(work));
  return encoded;
}

// How many bytes of a text have more than `ids_max` ids whatever they spell, since none is longer than longest_bytes_;
// all if that cannot be told, as where composing may make it shorter. On a character boundary.
std::size_t Tokenizer::enough_bytes(std::string_view text, std::size_t ids_max) const {
  constexpr std::size_t character_bytes_max = 4;
  if (files_.normalizer == Normalizer::nfc || ids_max >= text.size() / longest_bytes_) return text.size();
  return utf8_cut(text, (ids_max + 1) * longest_bytes_ + character_bytes_max);
}

AddedTokens::Found Tokenizer::next_marker(const AddedTokens& markers, const PromptText& text, std::size_t from) const {
  return markers.next(text.bytes(), from, [&](const AddedTokens::Found& found) {
    return !is_control(found.id) || text.is_all(Parse::control, found.begin, found.end);
  });
}

Result<void> Tokenizer::encode_all(const PromptText& text, Work& work) const {
  std::vector<TokenId>& out = *work.out;
  const std::size_t size_before = out.size();
  for (std::size_t done = 0; done < text.size() && !work.is_full();) {
    const AddedTokens::Found found = next_marker(raw_markers_, text, done);
    if (auto encoded = encode_normalized(text.part(done, found.begin), work); !encoded) {
      out.resize(size_before);
      return encoded;
    }
    if (found.end > found.begin) out.push_back(found.id);
    done = found.end;
  }
  return {};
}

// What two authors wrote is composed apart, since a composed character has one author.
Result<void> Tokenizer::encode_normalized(const PromptText& written, Work& work) const {
  PromptText composed;
  if (files_.normalizer == Normalizer::nfc) {
    std::size_t begin = 0;
    for (const Stretch& stretch : written.stretches()) {
      composed.append(to_nfc(std::string_view(written.bytes()).substr(begin, stretch.end - begin)), stretch.parse);
      begin = stretch.end;
    }
  }
  const PromptText& text = files_.normalizer == Normalizer::nfc ? composed : written;
  for (std::size_t done = 0; done < text.size() && !work.is_full();) {
    const AddedTokens::Found found = next_marker(normalized_markers_, text, done);
    SHOAL_TRY(encode_pieces(std::string_view(text.bytes()).substr(done, found.begin - done), work));
    if (found.end > found.begin) work.out->push_back(found.id);
    done = found.end;
  }
  return {};
}

Result<void> Tokenizer::encode_pieces(std::string_view text, Work& work) const {
  const auto encode_piece = [&](std::string_view piece) {
    bpe_.encode(piece, work.merges, *work.out);
    return !work.is_full();
  };
  SHOAL_TRY(files_.pre_tokenizer.split(text, work.expressions, encode_piece));
  return {};
}

std::string_view Tokenizer::bytes(TokenId id) const {
  return id < files_.tokens.size() ? std::string_view(files_.tokens[id]) : std::string_view();
}

std::string Tokenizer::decode(std::span<const TokenId> ids) const {
  std::string all;
  for (const TokenId id : ids) all.append(bytes(id));
  return all;
}

std::optional<TokenId> Tokenizer::id_of(std::string_view content) const {
  for (const AddedToken& token : files_.added) {
    if (token.content == content) return token.id;
  }
  return bpe_.find(content);
}

}  // namespace shoal::text
