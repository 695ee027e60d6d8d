/* The small trained model that makes the first picture: resources only, open to whoever reads them. */
open module dev.aquarelle.demo {}
