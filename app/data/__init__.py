"""What is kept: tables, migrations, and one small module per thing kept. Only frozen dataclasses leave it."""
