#pragma once

#include "names.hpp"
#include "sku.hpp"

/// Products and their variants: as editors stage them, and as buyers see them once published.
namespace gravity::product_catalog {

using ProductId = Id<"product">;
using ProductTypeId = Id<"product_type">;
using VariantId = Id<"variant">;
using CategoryId = Id<"category">;

// ---- parts of the content

/// What another language says instead; what it leaves out is taken from the next language of its fallback chain.
struct Translation {
    std::optional<Text<1, 200>> name;
    std::optional<PageSlug> slug;
    std::optional<Multiline<0, 20'000>> description;
    std::optional<Text<1, 200>> meta_title;
    std::optional<Text<1, 500>> meta_description;
};
BOOST_DESCRIBE_STRUCT(Translation, (), (name, slug, description, meta_title, meta_description))

/// That the product is shown in a channel, and when.
struct Visibility {
    Key channel;
    std::optional<Timestamp> visible_from;
    std::optional<Timestamp> visible_until;
};
BOOST_DESCRIBE_STRUCT(Visibility, (), (channel, visible_from, visible_until))
void check(const Visibility& visibility, meta::Errors& errors);

/// A picture, film or document: a file of file-storage, or a URL.
struct MediaRef {
    std::optional<Uuid> file_id;
    std::optional<Url> url;
    Localized<500> alt; // what it shows, for those who do not see it
};
BOOST_DESCRIBE_STRUCT(MediaRef, (), (file_id, url, alt))
void check(const MediaRef& media, meta::Errors& errors);

enum class LinkKind {
    related,
    accessory,
    spare_part,
    replacement,
    bundle_item
};
BOOST_DESCRIBE_ENUM(LinkKind, related, accessory, spare_part, replacement, bundle_item)

struct ProductLink {
    LinkKind kind = LinkKind::related;
    ProductId product_id;
    Bounded<int, 1, 10'000> quantity{1}; // of a bundle's item
};
BOOST_DESCRIBE_STRUCT(ProductLink, (), (kind, product_id, quantity))

/// An axis along which variants differ. One named like a `per_variant` attribute of the type gives that attribute its value.
struct OptionAxis {
    AttributeName name;
    std::vector<Text<1, 100>> values;
};
BOOST_DESCRIBE_STRUCT(OptionAxis, (), (name, values))
void check(const OptionAxis& axis, meta::Errors& errors);

// ---- products

/// All that is said about a product: staged as a whole, published as a whole. The texts at the top are in the first language of CATALOG_LANGS.
struct ProductContent {
    Text<1, 200> name;
    PageSlug slug;
    std::optional<Multiline<0, 20'000>> description;
    std::optional<Text<1, 200>> meta_title;
    std::optional<Text<1, 500>> meta_description;
    std::optional<Money> list_price; // where no pricing service sets one; a variant's own wins
    std::map<std::string, Translation, std::less<>> translations;
    AttributeValues attributes;
    std::vector<OptionAxis> options;
    std::vector<CategoryId> categories;
    std::vector<Visibility> channels; // empty: shown in all of them
    std::vector<MediaRef> media;
    std::vector<ProductLink> links;
};
BOOST_DESCRIBE_STRUCT(ProductContent, (),
                      (name, slug, description, meta_title, meta_description, list_price, translations, attributes, options, categories, channels, media,
                       links))
void check(const ProductContent& content, meta::Errors& errors);

struct NewProduct : ProductContent {
    std::optional<PageSlug> slug; // hides the content's: one that is not given is made from the name
    std::optional<ProductTypeId> type_id; // for good; without one the product has no attributes
};
BOOST_DESCRIBE_STRUCT(NewProduct, (ProductContent), (slug, type_id))

enum class Status {
    draft,
    active
};
BOOST_DESCRIBE_ENUM(Status, draft, active)

/// A product's state beside its content.
struct ProductState {
    ProductId id;
    std::optional<ProductTypeId> type_id;
    Status status = Status::draft;
    Version version; // of the product with its variants
    std::int64_t revision = 0;
    std::optional<Version> published_version;
    Timestamp created_at;
    Timestamp updated_at;
    std::optional<Timestamp> published_at;
};
BOOST_DESCRIBE_STRUCT(ProductState, (), (id, type_id, status, version, revision, published_version, created_at, updated_at, published_at))

/// Which state of a product is asked for; the staged one without any of these.
struct ReadProduct {
    Default<false> published; // what buyers see now
    std::optional<Bounded<std::int64_t, 1, 9'000'000'000'000'000>> revision; // a published state by its number
    std::optional<Timestamp> at;                                            // what buyers saw at a time
};
BOOST_DESCRIBE_STRUCT(ReadProduct, (), (published, revision, at))
void check(const ReadProduct& query, meta::Errors& errors);

/// A published state, in the list of them.
struct RevisionEntry {
    std::int64_t revision = 0;
    Version version; // of the product, that it was made from
    Timestamp published_at;
    std::optional<Timestamp> ended_at;
};
BOOST_DESCRIBE_STRUCT(RevisionEntry, (), (revision, version, published_at, ended_at))

/// As stored.
struct ProductRow : ProductState {
    ProductContent staged;
};
BOOST_DESCRIBE_STRUCT(ProductRow, (ProductState), (staged))

/// A product as it is answered: the staged content and how far it is published, or, asked for a revision, what buyers saw then.
struct Product : ProductContent {
    ProductId id;
    std::optional<ProductTypeId> type_id;
    Status status = Status::draft;
    Version version; // of the product with its variants; of a revision: the one it was made from
    std::int64_t revision = 0;   // the last published, or the one shown; 0: never published
    bool staged_changes = false; // buyers see something older than this
    Timestamp created_at;
    Timestamp updated_at;
    std::optional<Timestamp> published_at;
    std::optional<Timestamp> ended_at; // of a revision: no longer shown since
};
BOOST_DESCRIBE_STRUCT(Product, (ProductContent), (id, type_id, status, version, revision, staged_changes, created_at, updated_at, published_at, ended_at))

/// The lowest and highest list price of the variants that have one in a currency; without a currency: how many have none of their own.
struct VariantPrices {
    std::optional<Currency> currency;
    std::optional<std::int64_t> lowest, highest;
    std::int64_t variants = 0;
};
BOOST_DESCRIBE_STRUCT(VariantPrices, (), (currency, lowest, highest, variants))

/// A row of `revision`.
struct RevisionRow {
    ProductId product_id;
    std::int64_t revision = 0;
    std::optional<ProductTypeId> type_id;
    Version version;
    ProductContent body;
    Timestamp created_at; // of the product
    Timestamp published_at;
    std::optional<Timestamp> ended_at;
    std::vector<VariantPrices> prices; // of its variants; the currency that most have first
};
BOOST_DESCRIBE_STRUCT(RevisionRow, (), (product_id, revision, type_id, version, body, created_at, published_at, ended_at, prices))

// ---- variants

struct NewVariant {
    Sku sku;
    std::optional<Gtin> gtin;
    Options options; // one value of each axis of the product
    AttributeValues attributes;
    std::optional<Money> list_price;
    std::vector<MediaRef> media;
};
BOOST_DESCRIBE_STRUCT(NewVariant, (), (sku, gtin, options, attributes, list_price, media))

struct VariantEdit : NewVariant {
    Bounded<int, 0, 1'000'000> position{0}; // among the variants of its product
};
BOOST_DESCRIBE_STRUCT(VariantEdit, (NewVariant), (position))

struct Variant : VariantEdit {
    VariantId id;
    ProductId product_id;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Variant, (VariantEdit), (id, product_id, version, created_at, updated_at))

/// A published variant with what a cart or an order line needs of its product.
struct PublishedVariant : Variant {
    std::int64_t revision = 0; // of the product, as shown now: `GET /products/{id}?revision=` shows it for ever
    Text<1, 200> name;         // of the product, in the base language
    PageSlug slug;
};
BOOST_DESCRIBE_STRUCT(PublishedVariant, (Variant), (revision, name, slug))

/// The variants as staged, or as a published revision shows them.
struct ListVariants : PageQuery {
    std::optional<Bounded<std::int64_t, 1, 9'000'000'000'000'000>> revision;
};
BOOST_DESCRIBE_STRUCT(ListVariants, (PageQuery), (revision))

/// Makes the variants that are missing among all combinations of the product's options.
struct GenerateVariants {
    Text<1, 40> sku_prefix; // of "<prefix>-<option>-<option>"
};
BOOST_DESCRIBE_STRUCT(GenerateVariants, (), (sku_prefix))

struct GeneratedVariants {
    std::int64_t created = 0;
    std::int64_t total = 0; // variants of the product now
};
BOOST_DESCRIBE_STRUCT(GeneratedVariants, (), (created, total))

struct FindVariants {
    std::vector<Sku> sku;
};
BOOST_DESCRIBE_STRUCT(FindVariants, (), (sku))
void check(const FindVariants& query, meta::Errors& errors);

/// What was found of what was looked for, in no order.
struct FoundVariants {
    std::vector<PublishedVariant> items;
};
BOOST_DESCRIBE_STRUCT(FoundVariants, (), (items))

// ---- events

struct ProductCreated {
    static constexpr Event event{"gravity.product_catalog.product.created"};
    ProductId id;
    PageSlug slug;
};
BOOST_DESCRIBE_STRUCT(ProductCreated, (), (id, slug))

struct ProductUpdated {
    static constexpr Event event{"gravity.product_catalog.product.updated"};
    ProductId id;
    Version version;
};
BOOST_DESCRIBE_STRUCT(ProductUpdated, (), (id, version))

struct ProductPublished {
    static constexpr Event event{"gravity.product_catalog.product.published"};
    ProductId id;
    std::int64_t revision = 0;
    PageSlug slug;
};
BOOST_DESCRIBE_STRUCT(ProductPublished, (), (id, revision, slug))

struct ProductUnpublished {
    static constexpr Event event{"gravity.product_catalog.product.unpublished"};
    ProductId id;
    std::int64_t revision = 0; // the last that was shown
};
BOOST_DESCRIBE_STRUCT(ProductUnpublished, (), (id, revision))

struct ProductDeleted {
    static constexpr Event event{"gravity.product_catalog.product.deleted"};
    ProductId id;
};
BOOST_DESCRIBE_STRUCT(ProductDeleted, (), (id))

struct VariantCreated {
    static constexpr Event event{"gravity.product_catalog.variant.created"};
    VariantId id;
    ProductId product_id;
    Sku sku;
};
BOOST_DESCRIBE_STRUCT(VariantCreated, (), (id, product_id, sku))

struct VariantUpdated {
    static constexpr Event event{"gravity.product_catalog.variant.updated"};
    VariantId id;
    ProductId product_id;
    Sku sku;
};
BOOST_DESCRIBE_STRUCT(VariantUpdated, (), (id, product_id, sku))

struct VariantDeleted {
    static constexpr Event event{"gravity.product_catalog.variant.deleted"};
    VariantId id;
    ProductId product_id;
    Sku sku;
};
BOOST_DESCRIBE_STRUCT(VariantDeleted, (), (id, product_id, sku))

struct SlugChanged {
    static constexpr Event event{"gravity.product_catalog.slug.changed"};
    Uuid id; // of the product, category or collection
    Locale lang;
    PageSlug slug;
    std::optional<PageSlug> previous;
};
BOOST_DESCRIBE_STRUCT(SlugChanged, (), (id, lang, slug, previous))

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, ProductId, ProductTypeId, VariantId, CategoryId, Translation, Visibility, MediaRef, LinkKind, ProductLink, OptionAxis,
               ProductContent, NewProduct, Status, ProductState, ReadProduct, RevisionEntry, ProductRow, Product, VariantPrices, RevisionRow, NewVariant,
               VariantEdit, Variant, PublishedVariant, ListVariants, GenerateVariants, GeneratedVariants, FindVariants, FoundVariants, ProductCreated,
               ProductUpdated, ProductPublished, ProductUnpublished, ProductDeleted, VariantCreated, VariantUpdated, VariantDeleted, SlugChanged)
