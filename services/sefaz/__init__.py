"""Consulta Cadastro at the SEFAZs (CadConsultaCadastro4, layout 2.00), with the branch's certificate."""
