"""The migrations of both databases, one branch of revisions for each; ``adapters.migrating`` runs them."""
