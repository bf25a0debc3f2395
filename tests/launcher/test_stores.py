"""PostgreSQL's data across major versions. Debian has one of them, so the newer one here is the same programs under a higher number: pg_upgrade
runs for real, and what the launcher decides around it is what is looked at."""

import shutil
import tempfile
import unittest
from pathlib import Path

from support import Checkout

from gravity import postgres, processes, store_upgrade
from gravity.errors import Failure
from gravity.paths import Instance
from gravity.postgres import Postgres


class Upgrade(unittest.TestCase):
    def setUp(self):
        self.outer = Path(tempfile.mkdtemp(prefix="gravity-upgrade-"))
        self.addCleanup(shutil.rmtree, self.outer)
        self.outer.chmod(0o755)
        self.instance = Instance(self.outer / "var", test=True)
        self.instance.make_folders()
        self.instance.save_state(postgres_port=processes.next_free_port(23000))
        self.server = Postgres(self.instance)
        self.have = max(postgres.installed())
        self.addCleanup(setattr, postgres, "INSTALLED", postgres.INSTALLED)
        self.said = []

    def pretend(self, *majors: int) -> None:
        """That these versions are installed, all being the one that is."""
        shutil.rmtree(self.outer / "pg", ignore_errors=True)
        for major in majors:
            (self.outer / "pg" / str(major)).mkdir(parents=True)
            (self.outer / "pg" / str(major) / "bin").symlink_to(Path("/usr/lib/postgresql") / str(self.have) / "bin")
        postgres.INSTALLED = self.outer / "pg"

    def upgrade(self) -> bool:
        return store_upgrade.upgrade(self.server, self.said.append)

    def running(self, what) -> None:
        control = [str(self.server.bin_dir() / "pg_ctl"), "-D", str(self.server.data), "-w"]
        processes.run([*control, "-l", str(self.server.data / "test.log"), "start"], self.server.user)
        try:
            what()
        finally:
            processes.run([*control, "-m", "fast", "stop"], self.server.user)

    def test_data_moves_and_the_old_stays(self):
        self.pretend(self.have)
        self.server.prepare()
        self.running(lambda: self.server.psql("create table kept as select 'what was there' as text"))
        self.assertFalse(self.upgrade(), "the newest already")
        self.pretend(self.have, self.have + 1)
        self.assertTrue(self.upgrade(), self.said)
        self.assertTrue((self.server.data.with_name(f"postgres.{self.have}") / "PG_VERSION").exists())
        self.assertEqual(list(self.server.data.parent.glob("postgres.new*")), [])
        self.assertIn("include 'gravity.conf'", (self.server.data / "postgresql.conf").read_text())
        self.running(lambda: self.assertEqual(self.server.psql("select text from kept").strip(), "what was there"))
        with self.assertRaisesRegex(Failure, "there already, from an earlier upgrade"):
            self.upgrade()

    def test_nothing_to_do(self):
        self.pretend(self.have)
        self.assertFalse(self.upgrade())
        self.assertIn("no PostgreSQL data yet", self.said[0])

    def test_refusals_leave_the_data_as_it_is(self):
        self.pretend(self.have)
        self.server.prepare()
        self.pretend(self.have + 1)
        with self.assertRaisesRegex(Failure, f"those of {self.have} are not installed"):
            self.upgrade()
        with self.assertRaises(Failure) as caught:
            self.server.command()
        self.assertEqual(caught.exception.code, 3, "it does not start on another version")
        self.assertIn("upgrade-stores", caught.exception.remedy)
        self.pretend(self.have, self.have + 1)

        def refused():
            with self.assertRaisesRegex(Failure, "PostgreSQL runs"):
                self.upgrade()
        self.running(refused)
        before = (self.server.data / "PG_VERSION").read_text()
        (self.server.data / "global" / "pg_control").rename(self.outer / "pg_control")
        with self.assertRaisesRegex(Failure, "pg_upgrade failed; the data is as it was"):
            self.upgrade()
        self.assertEqual((self.server.data / "PG_VERSION").read_text(), before)
        self.assertEqual(list(self.server.data.parent.glob("postgres.*")), [])


class Command(unittest.TestCase):
    def test_it_needs_a_stopped_platform(self):
        checkout = Checkout()
        self.addCleanup(checkout.remove)
        self.assertEqual(checkout.run("upgrade-stores").stdout, "There is no data yet.\n")
        self.assertEqual(checkout.up("alpha").returncode, 0)
        refused = checkout.run("upgrade-stores")
        self.assertEqual((refused.returncode, refused.stderr), (2, "gravity: The platform runs.\n  `./gravity down` first.\n"))
        self.assertEqual(checkout.run("down").returncode, 0)
        said = checkout.run("upgrade-stores")
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertIn("the newest that is installed", said.stdout)


if __name__ == "__main__":
    unittest.main()
