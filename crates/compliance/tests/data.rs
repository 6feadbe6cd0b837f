//! The shipped files are sound.

use timbre_compliance::Catalog;

#[test]
fn the_shipped_files_are_read() {
    let catalog = Catalog::shipped();
    let codes: Vec<_> = catalog.codes().collect();
    let expected = [
        "AR", "AU", "BR", "CA", "CL", "CO", "DE", "EC", "ES", "FR", "GB", "IT", "MX", "PE", "PT",
        "US", "UY",
    ];
    assert_eq!(codes, expected);
}
